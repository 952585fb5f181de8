using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Tests;

/// <summary>A journal in memory with the reader's contract: records at growing offsets, totals sealed on demand, reads from any offset.</summary>
internal sealed class MemoryJournal : IJournalReader
{
    private readonly Lock _gate = new();
    private readonly List<JournalRecord> _records = [];
    private readonly Dictionary<(Guid, long), long> _unsealed = [];
    private readonly Dictionary<long, UsageEvent> _open = [];

    public MemoryJournal(int seed = 1)
    {
        var bytes = new byte[16];
        new Random(seed).NextBytes(bytes);
        Id = new Guid(bytes);
    }

    public Guid Id { get; }

    public long Tail { get; private set; } = 64;

    public long Head { get; set; } = 64;

    public long Damaged => 0;

    public long Released { get; private set; } = -1;

    public long Append(UsageEvent usage)
    {
        lock (_gate)
        {
            Count(usage);
            return Add(new JournalRecord { Kind = JournalRecordKind.Usage, Offset = Tail, Usage = usage });
        }
    }

    public long Begin(UsageEvent usage)
    {
        lock (_gate)
        {
            _open[Tail] = usage;
            return Add(new JournalRecord { Kind = JournalRecordKind.Begin, Offset = Tail, Usage = usage });
        }
    }

    public void Checkpoint(long begin)
    {
        lock (_gate)
            Add(new JournalRecord { Kind = JournalRecordKind.Checkpoint, Offset = Tail, BeginOffset = begin });
    }

    public void End(long begin, UsageEvent usage)
    {
        lock (_gate)
        {
            _open.Remove(begin);
            Count(usage);
            Add(new JournalRecord { Kind = JournalRecordKind.End, Offset = Tail, BeginOffset = begin, Usage = usage });
        }
    }

    public JournalBatch Read(long offset, int maximumRecords, int maximumSubscriptions = int.MaxValue, JournalBatch? into = null)
    {
        lock (_gate)
        {
            offset.ShouldBeInRange(Head, Tail);
            var records = _records.Where(r => r.Offset >= offset).Take(maximumRecords).ToList();
            var batch = into ?? new JournalBatch();
            batch.Clear();
            records.ForEach(record => batch.Add(record));
            batch.NextOffset = records.Count < maximumRecords ? Tail : records[^1].Offset + 8;
            return batch;
        }
    }

    public void SealTotals()
    {
        lock (_gate)
        {
            if (_unsealed.Count == 0)
                return;
            var totals = _unsealed.Select(u => new JournalTotal(u.Key.Item1, u.Key.Item2, u.Value)).ToList();
            _unsealed.Clear();
            Add(new JournalRecord { Kind = JournalRecordKind.Totals, Offset = Tail, Totals = totals });
        }
    }

    public void Release(long shippedOffset) => Released = Math.Max(Released, shippedOffset);

    private void Count(UsageEvent usage)
    {
        if (!usage.Billable)
            return;
        var seconds = usage.StartMicros / 1_000_000;
        var key = (usage.SubscriptionId, seconds - seconds % 3600);
        _unsealed[key] = _unsealed.GetValueOrDefault(key) + 1;
    }

    private long Add(JournalRecord record)
    {
        _records.Add(record);
        Tail += 8;
        return record.Offset;
    }
}
