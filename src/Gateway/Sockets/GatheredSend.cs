using System.Net.Sockets;

namespace Tollgate.Gateway.Sockets;

/// <summary>
/// A send that is put off until its loop has seen to all events of a batch. Sends that follow one another find the other side awake (to wake it costs more
/// than the send does), and the gateway's code and the kernel's do not drive each other out of the processor's caches. One at a time; nothing is allocated.
/// </summary>
internal sealed class GatheredSend(LoopSocket socket) : LoopSource, IGathered
{
    private ReadOnlyMemory<byte> _bytes;
    private bool _pending;
    private volatile bool _resting;

    /// <summary>Not all of it has gone out.</summary>
    public bool IsPending => _pending || _resting;

    /// <summary>What was last given to it has gone out, or has begun to.</summary>
    public bool HasSent { get; private set; }

    public ValueTask Begin(ReadOnlyMemory<byte> bytes)
    {
        var wait = Renew();
        Gather(bytes);
        return wait;
    }

    /// <summary>As <see cref="Begin"/>, and nobody waits for it.</summary>
    public void Put(ReadOnlyMemory<byte> bytes)
    {
        Forget();
        Gather(bytes);
    }

    /// <summary>Without waiting for a batch's end, nor for the send.</summary>
    public void SendNow(ReadOnlyMemory<byte> bytes)
    {
        Forget();
        (_bytes, _pending, HasSent) = (bytes, true, false);
        Run();
    }

    /// <summary>Whoever waits goes on here.</summary>
    public void Run()
    {
        if (!_pending)
            return;
        var bytes = _bytes;
        (_bytes, _pending) = (default, false);
        try
        {
            var sent = Math.Max(0, socket.TrySend(bytes.Span));
            HasSent = sent > 0;
            if (sent < bytes.Length)
            {
                _resting = true;
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

    private void Gather(ReadOnlyMemory<byte> bytes)
    {
        (_bytes, _pending, HasSent) = (bytes, true, false);
        socket.Loop.Gather(this);
    }

    private async Task SendRestAsync(ReadOnlyMemory<byte> rest)
    {
        try
        {
            await socket.SendRestAsync(rest).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            // It stays pending: nothing else is sent on a broken connection.
            Fail(exception);
            return;
        }
        (HasSent, _resting) = (true, false);
        Complete();
    }
}
