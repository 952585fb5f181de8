using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Tollgate.Gateway.Sockets;

/// <summary>
/// A send that is put off until its loop has seen to all events of a batch. Sends that follow one another find the other side awake (to wake it costs more
/// than the send does), and the gateway's code and the kernel's do not drive each other out of the processor's caches. One at a time; nothing is allocated.
/// </summary>
internal sealed class GatheredSend(LoopSocket socket) : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _source;
    private ReadOnlyMemory<byte> _bytes;

    public ValueTask Begin(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        _source.Reset();
        socket.Loop.Gather(this);
        return new ValueTask(this, _source.Version);
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
            _source.SetException(exception);
            return;
        }
        _source.SetResult(true);
    }

    private async Task SendRestAsync(ReadOnlyMemory<byte> rest)
    {
        try
        {
            await socket.SendRestAsync(rest).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            _source.SetException(exception);
            return;
        }
        _source.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags & ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext);
}
