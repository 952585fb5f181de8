using System.Runtime.InteropServices;

namespace Tollgate.Gateway.Upstreams;

/// <summary>Why a target was last found wanting.</summary>
internal enum TargetFailure
{
    ConnectFailed,
    TimedOut,
    ConnectionBroken,
    GatewayError,
    CheckFailed,
}

/// <param name="At">When.</param>
/// <param name="Reason">Why.</param>
/// <param name="Detail">A check's finding.</param>
internal sealed record LastFailure(DateTimeOffset At, TargetFailure Reason, string? Detail);

/// <summary>
/// What this node knows of one target. It outlives edits that keep the target's address, and is changed by calls on all threads at once: nothing here
/// waits. Times are timestamps of the clock.
/// </summary>
internal sealed class TargetHealth
{
    private PaddedCount _inFlight;
    private int _failures;
    private int _rests;
    private long _restUntil;
    private volatile bool _down;
    private volatile LastFailure? _last;

    public int InFlight => Volatile.Read(ref _inFlight.Value);

    /// <summary>The checks say that it does not answer.</summary>
    public bool IsDown => _down;

    /// <summary>0: it does not rest.</summary>
    public long RestUntil => Volatile.Read(ref _restUntil);

    public LastFailure? Last
    {
        get => _last;
        set => _last = value;
    }

    /// <summary>How many rests there have been without a success between them.</summary>
    public int Rests => Volatile.Read(ref _rests);

    /// <summary>Checks in a row that said the opposite of <see cref="IsDown"/>. The checker's own, as is <see cref="CheckDue"/>.</summary>
    public int Contrary { get; set; }

    /// <summary>0: never checked.</summary>
    public long CheckDue { get; set; }

    public bool Checking { get; set; }

    public void Enter() => Interlocked.Increment(ref _inFlight.Value);

    public void Leave() => Interlocked.Decrement(ref _inFlight.Value);

    /// <summary>True for the one call that may try whether a rest is over. Should it tell nothing, another one may when <paramref name="next"/> is reached.</summary>
    public bool TryClaimTrial(long until, long next) => Interlocked.CompareExchange(ref _restUntil, next, until) == until;

    public void Succeeded()
    {
        if (Volatile.Read(ref _failures) != 0)
            Volatile.Write(ref _failures, 0);
    }

    /// <summary>Failures in a row, with this one.</summary>
    public int Fail() => Interlocked.Increment(ref _failures);

    /// <summary>False when it rests already.</summary>
    public bool TryRest(long until)
    {
        if (Interlocked.CompareExchange(ref _restUntil, until, 0) != 0)
            return false;
        Volatile.Write(ref _rests, 1);
        Volatile.Write(ref _failures, 0);
        return true;
    }

    /// <summary>A trial failed. False when it came too late to say so: meanwhile another one has told how the target is, or has its turn.</summary>
    public bool TryRestAgain(long claimed, long until)
    {
        if (Interlocked.CompareExchange(ref _restUntil, until, claimed) != claimed)
            return false;
        Interlocked.Increment(ref _rests);
        return true;
    }

    public void Return()
    {
        Volatile.Write(ref _rests, 0);
        Volatile.Write(ref _failures, 0);
        Volatile.Write(ref _restUntil, 0);
    }

    public void SetDown(bool down) => _down = down;

    /// <summary>Nobody checks it any more: what checks have found is old news when somebody does again.</summary>
    public void ForgetChecks() => (_down, Contrary, CheckDue) = (false, 0, 0);

    /// <summary>On a cache line of its own: it is written with every call, and what lies around it is read with every call.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedCount
    {
        [FieldOffset(64)]
        public int Value;
    }
}
