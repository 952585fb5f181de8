using System.Threading.Tasks.Sources;

namespace Tollgate.Gateway.Sockets;

/// <summary>
/// Tells when all that was written to a client's connection has been sent: a feature of the connection. The server's own flush tells it too, but from the
/// thread pool, so that a stream to a client that is slower than its upstream would change threads with every piece. For one waiter at a time.
/// </summary>
internal sealed class Drain : IValueTaskSource
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int Waited = 2;
    private const int Ended = 3;

    private ManualResetValueTaskSourceCore<bool> _source;
    private int _state;

    /// <summary>Returns at once when nothing waits to be sent, and when nothing more will be.</summary>
    public ValueTask WaitAsync()
    {
        if (Volatile.Read(ref _state) != Busy)
            return default;
        _source.Reset();
        return Interlocked.CompareExchange(ref _state, Waited, Busy) == Busy ? new ValueTask(this, _source.Version) : default;
    }

    /// <summary>Something is being sent.</summary>
    public void Begin() => Interlocked.CompareExchange(ref _state, Busy, Idle);

    /// <summary>All is sent. True when somebody waited for that, went on here and may have written more; else it is idle now.</summary>
    public bool Wake()
    {
        while (true)
        {
            if (Interlocked.CompareExchange(ref _state, Busy, Waited) == Waited)
            {
                _source.SetResult(true);
                return true;
            }
            if (Interlocked.CompareExchange(ref _state, Idle, Busy) != Waited)
                return false;
        }
    }

    /// <summary>Nothing more is sent.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _state, Ended) == Waited)
            _source.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags & ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext);
}
