namespace Tollgate.Admission.Leases;

/// <summary>
/// Redis's clock, as the nodes that share limits read it. Each answer tells Redis's time at some moment between question and answer; taken as of the question, it
/// is never too early. So a window ends here no later than at Redis, and a lease is not spent in the window after its own.
/// </summary>
internal sealed class SharedClock(TimeProvider clock)
{
    // Two clocks drift apart: the tightest bound is forgotten after this.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private Sample? _best;

    /// <summary>UTC ticks; this node's own clock until Redis has answered once.</summary>
    public long Now => Volatile.Read(ref _best) is { } best ? At(best) : clock.GetUtcNow().UtcTicks;

    public long Timestamp() => clock.GetTimestamp();

    public void Observe(long askedAt, long redisMicros)
    {
        var ticks = DateTime.UnixEpoch.Ticks + redisMicros * TimeSpan.TicksPerMicrosecond;
        var fresh = new Sample(ticks, askedAt);
        var best = Volatile.Read(ref _best);
        // Earlier than what Redis has just said cannot be: its clock was set forward.
        if (best is null || At(fresh) < At(best) || At(best) < ticks || clock.GetElapsedTime(best.AskedAt) > Longest)
            Volatile.Write(ref _best, fresh);
    }

    private long At(Sample sample) => sample.Ticks + clock.GetElapsedTime(sample.AskedAt).Ticks;

    private sealed record Sample(long Ticks, long AskedAt);
}
