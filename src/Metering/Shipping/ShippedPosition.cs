using System.Collections.Immutable;
using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Shipping;

/// <summary>How far a journal has been shipped, as the database knows it.</summary>
internal sealed record ShippedPosition(long Offset, ImmutableHashSet<long> OpenBegins, long SealedRequest, long TotalsOffset);

/// <summary>Records of a journal that are shipped in one transaction.</summary>
internal sealed record Slice(long From, long Next, IReadOnlyList<JournalRecord> Records)
{
    public (Slice Left, Slice Right) Halves()
    {
        var middle = Records.Count / 2;
        var offset = Records[middle].Offset;
        return (new Slice(From, offset, [.. Records.Take(middle)]), new Slice(offset, Next, [.. Records.Skip(middle)]));
    }
}

/// <summary>What a slice does to the database.</summary>
internal sealed record SliceEffects(
    ShippedPosition After, List<LogRow> Rows, IReadOnlyList<KeyValuePair<(DateTime Hour, Guid Subscription), long>> Counters)
{
    /// <param name="rows">What the events are put into.</param>
    /// <param name="counters">What the totals are put into.</param>
    /// <exception cref="ArgumentException">A record holds what no row can.</exception>
    public static SliceEffects Of(ShippedPosition before, Slice slice, DateTimeOffset now, List<LogRow> rows, CounterSums counters)
    {
        rows.Clear();
        counters.Clear();
        var totals = before.TotalsOffset;
        foreach (var record in slice.Records)
            switch (record.Kind)
            {
                case JournalRecordKind.Usage:
                    rows.Add(new LogRow(record, record.Offset, now));
                    break;
                case JournalRecordKind.End:
                    // Also when its begin is not among the open ones: the begin may have been damaged. The event's id guards against a second end.
                    rows.Add(new LogRow(record, record.BeginOffset, now));
                    break;
                // Should the position have been set back by hand: totals are added once, as events are by their ids.
                case JournalRecordKind.Totals when record.Offset > totals:
                    totals = record.Offset;
                    foreach (var total in record.Totals)
                        counters.Add(total);
                    break;
            }
        rows.Sort(LogRow.ByPlaceInIndexes);
        return new SliceEffects(Move(before, slice) with { TotalsOffset = totals }, rows, counters.InOrder());
    }

    /// <summary>The position behind the slice, whatever its records hold.</summary>
    public static ShippedPosition Move(ShippedPosition before, Slice slice)
    {
        var open = before.OpenBegins.ToBuilder();
        foreach (var record in slice.Records)
            if (record.Kind == JournalRecordKind.Begin)
                open.Add(record.Offset);
            else if (record.Kind == JournalRecordKind.End)
                open.Remove(record.BeginOffset);
        return before with { Offset = slice.Next, OpenBegins = open.ToImmutable() };
    }
}
