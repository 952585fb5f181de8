namespace Tollgate.Metering.Journal;

/// <summary>
/// Finds where the journal ended. Reads from the oldest place that matters (the first segment that was not closed, or the one with the begin of a stream
/// that was open then) and rebuilds open streams and the counter on the way. A torn tail is zeroed; what is damaged with valid records after it stays.
/// </summary>
internal sealed unsafe class JournalRecovery(JournalFolder folder, OpenStreams open, BillableTotals totals, HashSet<long> damaged)
{
    private readonly List<(Segment Segment, int Position)> _bad = [];
    private readonly List<Segment> _scanned = [];
    private int _newestSealed = -1;
    private int _lastWithRecords = -1;
    private int _end;

    public Segment Current { get; private set; } = null!;

    public Segment? Next { get; private set; }

    public int Position { get; private set; } = JournalFormat.SegmentHeaderBytes;

    /// <summary>Segments that are full but were not closed in order, oldest first.</summary>
    public List<Segment> Closed { get; } = [];

    /// <summary>Segments that were closed, with the time.</summary>
    public List<(int Index, DateTimeOffset ClosedAt)> Sealed { get; } = [];

    public void Run()
    {
        try
        {
            var indexes = folder.Segments();
            var from = FindStart(indexes);
            foreach (var index in indexes.Where(i => i >= from))
                Scan(folder.Open(index, writable: true));
            SettleBadPlaces();
            if (folder.MayHaveLostPages && _scanned.Count > 0)
                StartBeyond(indexes[^1] + 1);
            else
                ChooseCurrent(indexes);
        }
        catch
        {
            foreach (var segment in _scanned)
                segment.Dispose();
            throw;
        }
    }

    private int FindStart(List<int> indexes)
    {
        var from = 0;
        List<(int Index, DateTimeOffset ClosedAt)> unknown = [];
        foreach (var index in indexes)
        {
            using var segment = folder.Open(index, writable: false);
            if (!segment.CheckHeader(folder.Id))
            {
                damaged.Add(segment.Offset);
                unknown.Add((index, folder.WrittenAt(index)));
                continue;
            }
            if (!segment.IsSealed)
            {
                unknown.Add((index, folder.WrittenAt(index)));
                continue;
            }
            Sealed.Add((index, segment.ClosedAt));
            _newestSealed = index;
            from = segment.OldestBegin == long.MaxValue ? index + 1 : (int)(segment.OldestBegin / folder.SegmentBytes);
        }
        // Before a closed one all are closed, even where a header is damaged, or was copied before it was closed: they are to be read, and freed some day.
        Sealed.AddRange(unknown.Where(u => u.Index < from));
        Sealed.Sort((a, b) => a.Index.CompareTo(b.Index));
        return from;
    }

    private void Scan(Segment segment)
    {
        _scanned.Add(segment);
        var at = JournalFormat.SegmentHeaderBytes;
        while (at < segment.Size)
        {
            var length = JournalFormat.ValidLength(segment.Start, at, segment.Size, segment.Offset);
            if (length == 0)
            {
                var next = JournalFormat.Resync(segment.Start, at, segment.Size, segment.Offset);
                if (next >= 0 || !JournalFormat.IsZero(segment.Start, at, segment.Size))
                    _bad.Add((segment, at));
                if (next < 0)
                    break;
                at = next;
                continue;
            }
            Apply(segment.Start + at, length, segment.Offset + at);
            at += length;
            (_lastWithRecords, _end) = (segment.Index, at);
        }
    }

    private void Apply(byte* record, int length, long offset)
    {
        JournalFormat.RequireReadable(record[JournalFormat.VersionAt], offset);
        var begin = *(long*)(record + JournalFormat.BeginAt);
        switch ((JournalRecordKind)record[JournalFormat.KindAt])
        {
            case JournalRecordKind.Usage:
                totals.Add(record);
                break;
            case JournalRecordKind.Begin:
                open.Add(offset, record, length);
                break;
            case JournalRecordKind.Checkpoint:
                var started = open.Find(begin, out _);
                if (started is not null)
                    EventCodec.ApplyCheckpoint(started, record);
                break;
            case JournalRecordKind.End:
                open.Remove(begin);
                totals.Add(record);
                break;
            case JournalRecordKind.Totals:
                totals.Clear();
                break;
        }
    }

    // A bad place with a valid record after it is damage, one without is a write that was cut off: nobody was told that it is safe.
    private void SettleBadPlaces()
    {
        foreach (var (segment, position) in _bad)
        {
            if (segment.Index < _lastWithRecords || (segment.Index == _lastWithRecords && position < _end))
                damaged.Add(segment.Offset + position);
            else
                segment.ZeroFrom(position);
        }
    }

    private void ChooseCurrent(List<int> indexes)
    {
        var index = Math.Max(_lastWithRecords, _newestSealed + 1);
        if (_scanned.Count == 0 || indexes[^1] < index)
        {
            StartBeyond(index);
            return;
        }
        foreach (var segment in _scanned)
        {
            if (segment.Index < index)
                Leave(segment);
            else if (segment.Index == index)
                (Current, Position) = (segment, index == _lastWithRecords ? _end : JournalFormat.SegmentHeaderBytes);
            else if (segment.Index == index + 1 && segment.CheckHeader(folder.Id))
                Next = segment;
            else
                Drop(segment);
        }
        if (Current is null)
            throw new JournalFormatException($"Segment {index} is missing in {folder.Path}: restore it, or move the folder away to begin a new journal.");
    }

    // After a loss of power the tail on disk may be older than what was shipped; a fresh segment keeps every offset unique.
    private void StartBeyond(int index)
    {
        foreach (var segment in _scanned)
            Leave(segment);
        Current = folder.Create(index);
        Position = JournalFormat.SegmentHeaderBytes;
    }

    private void Leave(Segment segment)
    {
        if (segment.IsSealed)
            segment.Dispose();
        else
            Closed.Add(segment);
    }

    private void Drop(Segment segment)
    {
        segment.Dispose();
        folder.Delete(segment.Index);
    }
}
