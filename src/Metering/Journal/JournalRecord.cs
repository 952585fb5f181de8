namespace Tollgate.Metering.Journal;

internal enum JournalRecordKind : byte
{
    /// <summary>A complete event.</summary>
    Usage = 1,
    Begin = 2,
    Checkpoint = 3,
    End = 4,

    /// <summary>Billable counts of all events finished since the totals record before it, by subscription and hour.</summary>
    Totals = 5,
}

/// <summary>
/// One record as the shipper sees it. <see cref="Offset"/> is its place in the journal (for the whole life of the journal, over all segments);
/// <see cref="BeginOffset"/> is that of the begin it belongs to, for checkpoint and end. Id of an event = (journal id, offset of its usage or begin record).
/// </summary>
internal sealed class JournalRecord
{
    private UsageEvent _usage;

    public JournalRecordKind Kind { get; set; }

    public long Offset { get; set; }

    public long BeginOffset { get; set; } = -1;

    /// <summary>For usage and begin: the event. For end: the whole final event (the begin's fields with the end's values).</summary>
    public UsageEvent Usage
    {
        get => _usage;
        set => _usage = value;
    }

    /// <summary><see cref="Usage"/> where it lies: it is large to copy for each look.</summary>
    public ref readonly UsageEvent Event => ref _usage;

    public IReadOnlyList<JournalTotal> Totals { get; set; } = [];
}

/// <summary>Billable requests of a subscription whose start lies in the hour (seconds since the Unix epoch, UTC).</summary>
internal readonly record struct JournalTotal(Guid SubscriptionId, long HourSeconds, long Billable);

/// <summary>What the shipper needs of a journal.</summary>
internal interface IJournalReader
{
    /// <summary>Random 128 bits, made with the journal.</summary>
    Guid Id { get; }

    /// <summary>Where the next record will be.</summary>
    long Tail { get; }

    /// <summary>Oldest offset that is still on disk.</summary>
    long Head { get; }

    /// <summary>
    /// At most <paramref name="maximumRecords"/> records of about <paramref name="maximumSubscriptions"/> from <paramref name="offset"/> on. An end whose begin lies before the offset carries the whole event all the same: its record holds it.
    /// At the tail, <see cref="JournalBatch.NextOffset"/> is the tail, also where a segment's unused end or damage lies between.
    /// A record whose checksum is wrong is skipped and counted (<see cref="Damaged"/>), never a reason to stop.
    /// </summary>
    /// <param name="into">A batch that nobody needs any more, to be filled anew.</param>
    JournalBatch Read(long offset, int maximumRecords, int maximumSubscriptions = int.MaxValue, JournalBatch? into = null);

    long Damaged { get; }

    /// <summary>Appends a totals record when something was counted since the last one.</summary>
    void SealTotals();

    /// <summary>Frees segments that lie wholly before this offset, were closed longer ago than the retention, and hold no begin of an open stream.</summary>
    void Release(long shippedOffset);
}
