namespace Tollgate.Metering.Journal;

/// <summary>The shipper's side. Has a mapping and a lock of its own: it never stands in the way of an append.</summary>
internal sealed unsafe partial class UsageJournal
{
    private readonly Lock _readGate = new();
    private readonly HashSet<Guid> _readSubscriptions = [];
    private Segment? _reading;
    private int _gaveWayAfter;

    public long Head
    {
        get
        {
            lock (_gate)
                return OldestIndex() * (long)_folder.SegmentBytes;
        }
    }

    public long Damaged
    {
        get
        {
            lock (_readGate)
                return _damaged.Count;
        }
    }

    public JournalBatch Read(long offset, int maximumRecords, int maximumSubscriptions = int.MaxValue, JournalBatch? into = null)
    {
        lock (_readGate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var tail = Tail;
            if (offset < 0 || offset > tail)
            {
                throw new InvalidOperationException(
                    $"Offset {offset} is not in journal {Id}, which ends at {tail}: the folder is older than the database. Move it away to begin a new journal.");
            }
            var batch = into ?? new JournalBatch();
            batch.Clear();
            var at = Math.Max(offset, Head);
            _readSubscriptions.Clear();
            while (at < tail && batch.Records.Count < maximumRecords && _readSubscriptions.Count < maximumSubscriptions)
                at = ReadOne(at, tail, batch);
            _reading?.ReleaseBefore(_reading.Size);
            batch.NextOffset = at;
            return batch;
        }
    }

    public void Release(long shippedOffset)
    {
        lock (_readGate)
        {
            List<(int Index, DateTimeOffset ClosedAt)> shipped;
            lock (_gate)
            {
                var limit = Math.Min(shippedOffset, _open.OldestBegin);
                shipped = _sealed.FindAll(s => (s.Index + 1L) * _folder.SegmentBytes <= limit);
            }
            var now = _clock.GetUtcNow();
            var bytes = (long)shipped.Count * _folder.SegmentBytes;
            // A call refused now weighs more than a backup that may be restored: without room for the next segment, the oldest that is shipped gives way.
            // One at a time, for the keeper to try again with.
            var failures = _keeper.Failures;
            var noRoom = _keeper.IsStuck && failures != _gaveWayAfter;
            foreach (var (index, closedAt) in shipped)
            {
                // In order, so that the journal has one head.
                if (now - closedAt < TimeSpan.FromHours(_options.RetentionHours) && bytes <= _options.RetentionBytes)
                {
                    if (!noRoom)
                        break;
                    (noRoom, _gaveWayAfter) = (false, failures);
                }
                Delete(index);
                bytes -= _folder.SegmentBytes;
            }
        }
    }

    private void Delete(int index)
    {
        if (_reading?.Index == index)
        {
            _reading.Dispose();
            _reading = null;
        }
        _folder.Delete(index);
        lock (_gate)
            _sealed.RemoveAll(s => s.Index == index);
    }

    private long OldestIndex() => Math.Min(Math.Min(_sealed.Count > 0 ? _sealed[0].Index : int.MaxValue, _closed.Count > 0 ? _closed[0].Index : int.MaxValue), _current.Index);

    private long ReadOne(long at, long tail, JournalBatch batch)
    {
        var size = _folder.SegmentBytes;
        var index = (int)(at / size);
        var start = (long)index * size;
        if (!Reach(index))
        {
            _damaged.Add(start);
            return Math.Min(start + size, tail);
        }
        var position = Math.Max((int)(at - start), JournalFormat.SegmentHeaderBytes);
        var limit = (int)Math.Min(tail - start, size);
        var segment = _reading!.Start;
        var length = JournalFormat.ValidLength(segment, position, limit, start);
        if (length > 0)
        {
            if (Decode(segment + position, length, start + position, batch) is { } record)
                CountSubscriptions(record);
            return start + position + length;
        }
        // Nothing but zeros is the unused end of a segment; all else that is no record is damage.
        var next = JournalFormat.Resync(segment, position, limit, start);
        if (next >= 0 || !JournalFormat.IsZero(segment, Math.Min(position, limit), limit))
            _damaged.Add(start + position);
        return next >= 0 ? start + next : start + limit;
    }

    private void CountSubscriptions(JournalRecord record)
    {
        if (record.Kind is JournalRecordKind.Usage or JournalRecordKind.End)
            _readSubscriptions.Add(record.Event.SubscriptionId);
        foreach (var total in record.Totals)
            _readSubscriptions.Add(total.SubscriptionId);
    }

    private bool Reach(int index)
    {
        if (_reading?.Index == index)
            return true;
        _reading?.Dispose();
        _reading = null;
        if (!_folder.Has(index))
            return false;
        _reading = _folder.Open(index, writable: false);
        return true;
    }

    private static JournalRecord? Decode(byte* bytes, int length, long offset, JournalBatch batch)
    {
        JournalFormat.RequireReadable(bytes[JournalFormat.VersionAt], offset);
        var kind = (JournalRecordKind)bytes[JournalFormat.KindAt];
        if (!Enum.IsDefined(kind))
            return null;
        var record = batch.Add();
        (record.Kind, record.Offset) = (kind, offset);
        record.BeginOffset = kind is JournalRecordKind.Checkpoint or JournalRecordKind.End ? *(long*)(bytes + JournalFormat.BeginAt) : -1;
        record.Usage = kind switch
        {
            // An end holds the whole event: nothing is looked up, and its begin may be long gone.
            JournalRecordKind.Usage or JournalRecordKind.Begin or JournalRecordKind.End => EventCodec.Decode(bytes, length, batch.Texts),
            JournalRecordKind.Checkpoint => EventCodec.DecodeCheckpoint(bytes),
            _ => default,
        };
        record.Totals = kind == JournalRecordKind.Totals ? BillableTotals.Decode(bytes, length) : [];
        return record;
    }
}
