namespace Tollgate.Foundation.Changes;

/// <summary>How old the snapshots are. By the monotonic clock, but for what a restart slept through: that only the wall clock knows.</summary>
internal sealed class Freshness(TimeProvider clock)
{
    private Known _known = new(clock.GetTimestamp(), TimeSpan.Zero);

    private sealed record Known(long At, TimeSpan AgeThen);

    public TimeSpan Age
    {
        get
        {
            var known = Volatile.Read(ref _known);
            return known.AgeThen + clock.GetElapsedTime(known.At);
        }
    }

    /// <summary>They were current at this reading of the monotonic clock.</summary>
    public void CurrentAt(long timestamp) => Volatile.Write(ref _known, new Known(timestamp, TimeSpan.Zero));

    /// <summary>They were taken from disk, and current at this time. A clock that went back makes them no younger than new.</summary>
    public void Restored(DateTimeOffset currentAt)
    {
        var age = clock.GetUtcNow() - currentAt;
        Volatile.Write(ref _known, new Known(clock.GetTimestamp(), age > TimeSpan.Zero ? age : TimeSpan.Zero));
    }
}
