namespace Tollgate.Gateway.Sockets;

/// <summary>
/// Whether a descriptor can be read (or written), as its loop last heard, and the one who waits for that. It is taken before the call into the kernel, so
/// an event that comes in between is not lost. Nothing is allocated for a wait.
/// </summary>
internal sealed class Readiness(bool ready) : LoopSource
{
    private const int Idle = 0;
    private const int Ready = 1;
    private const int Waiting = 2;

    private int _state = ready ? Ready : Idle;
    private volatile bool _always;

    /// <summary>Something has come that nobody has looked at.</summary>
    public bool IsReady => _always || Volatile.Read(ref _state) == Ready;

    /// <summary>Returns when it is ready, which it then no longer is: for one waiter at a time.</summary>
    public ValueTask TakeAsync()
    {
        if (_always || Interlocked.CompareExchange(ref _state, Idle, Ready) == Ready)
            return default;
        var wait = Renew();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle)
        {
            // One that became ready for good right now did not find us waiting.
            if (_always)
                Set();
            return wait;
        }
        Volatile.Write(ref _state, Idle);
        return default;
    }

    /// <summary>Wakes who waits, on this thread; or remembers it for who comes.</summary>
    public void Set()
    {
        while (true)
        {
            if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
            {
                Complete();
                return;
            }
            if (Interlocked.CompareExchange(ref _state, Ready, Idle) is Idle or Ready)
                return;
        }
    }

    /// <summary>It has ended: whoever asks is told to look.</summary>
    public void SetForGood()
    {
        _always = true;
        Set();
    }
}
