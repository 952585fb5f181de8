namespace Tollgate.Gateway.Sockets;

/// <summary>
/// Tells when all that was written to a client's connection has been sent: a feature of the connection. The server's own flush tells it too, but from the
/// thread pool, so that a stream to a client that is slower than its upstream would change threads with every piece. For one waiter at a time.
/// </summary>
internal sealed class Drain : LoopSource
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int Waited = 2;
    private const int Ended = 3;

    private int _state;

    /// <summary>Returns at once when nothing waits to be sent, and when nothing more will be.</summary>
    public ValueTask WaitAsync()
    {
        if (Volatile.Read(ref _state) != Busy)
            return default;
        var wait = Renew();
        return Interlocked.CompareExchange(ref _state, Waited, Busy) == Busy ? wait : default;
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
                Complete();
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
            Complete();
    }
}
