using Tollgate.Foundation;

namespace Tollgate.Metering;

/// <summary>What counters need of a finished, billable event: a complete answer, or a stream that has ended (be it closed as interrupted by a restart).</summary>
public readonly struct FinishedUsage
{
    /// <summary>Where the record that finished it stands in the journal.</summary>
    public long Offset { get; init; }

    public Guid SubscriptionId { get; init; }

    /// <summary>When the call began, microseconds since the Unix epoch.</summary>
    public long StartMicros { get; init; }

    /// <summary>As in the request log: every event is at least one of <c>requests</c>.</summary>
    public MeterAmounts Amounts { get; init; }
}

public delegate void FinishedUsageVisitor(in FinishedUsage usage);

/// <summary>
/// This node's journal, read again by whoever counts what was used: counters at offset X plus all that was finished from X on are the counters now.
/// Apart from shipping, and never in the way of an append.
/// </summary>
public interface IJournalReplay
{
    /// <summary>An offset belongs to this journal only.</summary>
    Guid JournalId { get; }

    /// <summary>All that was appended up to now lies before it.</summary>
    long Tail { get; }

    /// <summary>
    /// Hands out every billable event that was finished at or after <paramref name="from"/>, in order, up to the tail. Answers where to go on, or null when the
    /// journal does not hold all of it: segments were freed, or the offset is not of this disk.
    /// </summary>
    long? Replay(long from, FinishedUsageVisitor visit);

    /// <summary>Up to where this journal is in the request log that the session sees; null when it never was. Worker role.</summary>
    Task<long?> ShippedToAsync(DbSession session);
}
