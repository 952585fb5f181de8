using System.Runtime.InteropServices;

namespace Tollgate.Metering.Journal;

/// <summary>The gateway counter: billable events finished since the last totals record, by subscription and hour. Guarded by the journal's lock.</summary>
internal sealed unsafe class BillableTotals(int capacity)
{
    private readonly Dictionary<Key, long> _counts = new(capacity + 1);

    public int Count => _counts.Count;

    /// <summary>As many as a totals record may hold: seal now.</summary>
    public bool IsFull => _counts.Count >= capacity;

    /// <summary>Bytes of the record that would hold them, with room for one more.</summary>
    public int ReserveBytes => JournalFormat.RecordHeaderBytes + JournalFormat.TotalBytes * (_counts.Count + 1);

    public void Add(byte* record)
    {
        if (!EventCodec.IsBillable(record))
            return;
        var seconds = Math.DivRem(EventCodec.StartOf(record), 1_000_000L).Quotient;
        var hour = seconds - (seconds % 3600 + 3600) % 3600;
        CollectionsMarshal.GetValueRefOrAddDefault(_counts, new Key(EventCodec.SubscriptionOf(record), hour), out _)++;
    }

    /// <summary>Writes the body and forgets what was counted. Returns the record's length.</summary>
    public int Encode(byte* record)
    {
        EventCodec.WriteHeader(record, JournalRecordKind.Totals, -1);
        var at = record + JournalFormat.RecordHeaderBytes;
        foreach (var (key, count) in _counts)
        {
            *(Guid*)at = key.Subscription;
            *(long*)(at + 16) = key.Hour;
            *(long*)(at + 24) = count;
            at += JournalFormat.TotalBytes;
        }
        _counts.Clear();
        return (int)(at - record);
    }

    public void Clear() => _counts.Clear();

    public static IReadOnlyList<JournalTotal> Decode(byte* record, int length)
    {
        var totals = new JournalTotal[(length - JournalFormat.RecordHeaderBytes) / JournalFormat.TotalBytes];
        var at = record + JournalFormat.RecordHeaderBytes;
        for (var i = 0; i < totals.Length; i++, at += JournalFormat.TotalBytes)
            totals[i] = new JournalTotal(*(Guid*)at, *(long*)(at + 16), *(long*)(at + 24));
        return totals;
    }

    private readonly record struct Key(Guid Subscription, long Hour)
    {
        // Ids are UUIDv7: their last half is random, the first is mostly time.
        public override int GetHashCode()
        {
            var id = Subscription;
            return ((ulong*)&id)[1].GetHashCode() ^ (int)(Hour / 3600);
        }

        public bool Equals(Key other) => Subscription == other.Subscription && Hour == other.Hour;
    }
}
