namespace Tollgate.Metering.Journal;

/// <summary>Looks through a segment's file from outside, while its journal may be written to: records become visible in order, so what is found is whole.</summary>
internal static unsafe class JournalScan
{
    /// <summary>Where the records end, and how many answered calls are finished at or after <paramref name="from"/>.</summary>
    /// <exception cref="FileNotFoundException">The journal has freed it.</exception>
    public static (int End, long Calls) Of(string path, int index, int size, int from)
    {
        using var segment = Segment.Open(path, index, size, writable: false);
        var (at, end, calls) = (JournalFormat.SegmentHeaderBytes, JournalFormat.SegmentHeaderBytes, 0L);
        while (at < size)
        {
            var length = JournalFormat.ValidLength(segment.Start, at, size, segment.Offset);
            if (length == 0)
            {
                // Damage with records after it is copied as it is; the journal knows how to read over it.
                var next = JournalFormat.Resync(segment.Start, at, size, segment.Offset);
                if (next < 0)
                    break;
                at = next;
                continue;
            }
            if (at >= from && (JournalRecordKind)segment.Start[at + JournalFormat.KindAt] is JournalRecordKind.Usage or JournalRecordKind.End)
                calls++;
            at += length;
            end = at;
        }
        return (end, calls);
    }
}
