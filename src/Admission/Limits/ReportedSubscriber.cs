namespace Tollgate.Admission.Limits;

/// <summary>A subscription with an allowance of a meter that others report. Written by <see cref="ReportedCounters"/> alone.</summary>
internal sealed class ReportedSubscriber(Subscriber subscriber)
{
    // How far the clocks of those that take reports in may differ from this node's.
    private static readonly long ClocksDiffer = TimeSpan.FromMinutes(5).Ticks;

    private int _reports;
    private long _changedUntil;

    public Subscriber Subscriber { get; } = subscriber;

    /// <summary>The terms whose counters were read last; others are to be read whatever was reported.</summary>
    public ulong TermsRead { get; private set; }

    /// <summary>How often its counters were read.</summary>
    public int Reports => Volatile.Read(ref _reports);

    /// <summary>When its counters are to be read again although nothing was reported: what was counted just before a window turned may be in the new one.</summary>
    public long ReadAgainAt { get; private set; } = long.MaxValue;

    /// <summary>Something was reported, or may have been, before <paramref name="now"/>.</summary>
    public void Changed(long now) => _changedUntil = now + ClocksDiffer;

    /// <param name="terms">The number of the terms that were read.</param>
    /// <param name="turns">When the first of its windows turns.</param>
    public void Read(ulong terms, long turns)
    {
        TermsRead = terms;
        ReadAgainAt = turns <= _changedUntil ? turns : long.MaxValue;
        Interlocked.Increment(ref _reports);
    }
}
