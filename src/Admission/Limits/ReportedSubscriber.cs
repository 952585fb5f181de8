namespace Tollgate.Admission.Limits;

/// <summary>A subscription with an allowance of a meter that others report. Written by <see cref="ReportedCounters"/> alone.</summary>
internal sealed class ReportedSubscriber(Subscriber subscriber)
{
    private int _reports;

    public Subscriber Subscriber { get; } = subscriber;

    /// <summary>The terms whose counters were read last; others are to be read whatever was reported.</summary>
    public ulong TermsRead { get; private set; }

    /// <summary>How often its counters were read.</summary>
    public int Reports => Volatile.Read(ref _reports);

    public void Read(ulong terms)
    {
        TermsRead = terms;
        Interlocked.Increment(ref _reports);
    }
}
