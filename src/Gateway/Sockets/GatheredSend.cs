using System.Net.Sockets;

namespace Tollgate.Gateway.Sockets;

/// <summary>
/// A send that is put off until its loop has seen to all events of a batch. Sends that follow one another find the other side awake (to wake it costs more
/// than the send does), and the gateway's code and the kernel's do not drive each other out of the processor's caches. One at a time; nothing is allocated.
/// </summary>
internal sealed class GatheredSend(LoopSocket socket) : LoopSource, IGathered
{
    private ReadOnlyMemory<byte> _bytes;

    public ValueTask Begin(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        var wait = Renew();
        socket.Loop.Gather(this);
        return wait;
    }

    /// <summary>On the loop's thread. Whoever waits goes on here.</summary>
    public void Run()
    {
        var bytes = _bytes;
        _bytes = default;
        try
        {
            var sent = Math.Max(0, socket.TrySend(bytes.Span));
            if (sent < bytes.Length)
            {
                _ = SendRestAsync(bytes[sent..]);
                return;
            }
        }
        catch (SocketException exception)
        {
            Fail(exception);
            return;
        }
        Complete();
    }

    private async Task SendRestAsync(ReadOnlyMemory<byte> rest)
    {
        try
        {
            await socket.SendRestAsync(rest).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            Fail(exception);
            return;
        }
        Complete();
    }
}
