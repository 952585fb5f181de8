namespace Tollgate.Gateway.Forwarding;

/// <summary>Why a call was ended from outside before its answer was complete.</summary>
internal enum CutReason
{
    None,

    /// <summary>Nothing came for longer than its time allows.</summary>
    TimedOut,

    ClientGone,

    /// <summary>Its key or subscription is gone, or the node stops.</summary>
    Gateway,
}

/// <summary>What a call waits for, and how it is made to stop waiting. Must be safe to call at any time, from any thread, once.</summary>
internal interface ICuttable
{
    void Cut();
}

/// <summary>
/// The one place that can end a call from outside: its deadline, its client and its gateway all come here. As the object is used again, each of them
/// says which call it means by its generation; a word that comes late finds another one and is without effect.
/// </summary>
internal sealed class CallLife
{
    private readonly Lock _gate = new();
    private ICuttable? _waitsFor;
    private CutReason _cut;
    private int _generation;
    private long _deadline;
    private volatile bool _clientGone;

    internal Call? Previous;
    internal Call? Next;
    internal bool Listed;

    public int Generation => Volatile.Read(ref _generation);

    public CutReason Reason
    {
        get
        {
            lock (_gate)
                return _cut;
        }
    }

    public bool ClientGone => _clientGone;

    /// <summary>In the clock's ticks (<see cref="TimeProvider.GetTimestamp"/>); 0 for none.</summary>
    public long Deadline
    {
        get => Volatile.Read(ref _deadline);
        set => Volatile.Write(ref _deadline, value);
    }

    /// <summary>A new call begins on this object.</summary>
    /// <param name="sameClient">On the same connection: a client that is gone stays gone.</param>
    public void Renew(bool sameClient)
    {
        lock (_gate)
        {
            _generation++;
            _waitsFor = null;
            _clientGone &= sameClient;
            _cut = _clientGone ? CutReason.ClientGone : CutReason.None;
        }
        Deadline = 0;
    }

    /// <summary>False when it has been cut already: then there is nothing to wait for.</summary>
    public bool TryWaitFor(ICuttable wait)
    {
        lock (_gate)
        {
            if (_cut != CutReason.None)
                return false;
            _waitsFor = wait;
            return true;
        }
    }

    /// <summary>False when it was cut meanwhile: what it waited for is broken.</summary>
    public bool TryStopWaiting()
    {
        lock (_gate)
        {
            _waitsFor = null;
            return _cut == CutReason.None;
        }
    }

    /// <summary>The client's connection is gone, for this call and any that would come on it.</summary>
    public void LoseClient()
    {
        _clientGone = true;
        Cut(CutReason.ClientGone, Generation);
    }

    /// <summary>The first reason counts.</summary>
    public void Cut(CutReason reason, int generation)
    {
        ICuttable? wait;
        lock (_gate)
        {
            if (generation != _generation || _cut != CutReason.None)
                return;
            _cut = reason;
            wait = _waitsFor;
            _waitsFor = null;
        }
        wait?.Cut();
    }
}
