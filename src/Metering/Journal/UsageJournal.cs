using System.Runtime.CompilerServices;

namespace Tollgate.Metering.Journal;

/// <summary>
/// The journal of this node. One lock guards place, counter and open streams; it is held for some tens of nanoseconds and nothing in it waits.
/// A record becomes visible by its length, which is written last.
/// </summary>
internal sealed unsafe partial class UsageJournal : IUsageJournal, IJournalReader, IJournalKept, IDisposable
{
    // What the end of an open stream may need: its record, a place in a totals record, and that record's header.
    private const int EndReserveBytes = JournalFormat.MaximumEventRecord + JournalFormat.TotalBytes + JournalFormat.RecordHeaderBytes;

    // A preparer that is only slow is waited for; a call is refused when the disk does not answer at all.
    private static readonly TimeSpan LongestSegmentWait = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Lock _warmGate = new();
    private readonly JournalFolder _folder;
    private readonly JournalOptions _options;
    private readonly TimeProvider _clock;
    private readonly OpenStreams _open = new();
    private readonly BillableTotals _totals;
    private readonly int _maximumOpen;
    private readonly JournalKeeper _keeper;
    private readonly List<Segment> _closed;
    private readonly List<(int Index, DateTimeOffset ClosedAt)> _sealed;
    private readonly HashSet<long> _damaged = [];
    private Segment _current;
    private volatile Segment? _next;
    private int _position;
    private int _warmAgainAt = int.MaxValue;
    private long _tail;
    private bool _disposed;

    public Guid Id => _folder.Id;

    public long Tail => Volatile.Read(ref _tail);

    public bool Writable
    {
        get
        {
            if (_next is not null || (!_keeper.IsStuck && !_keeper.IsLate))
                return !_disposed;
            lock (_gate)
                return !_disposed && HasRoom(JournalFormat.MaximumEventRecord, _open.Count + 1);
        }
    }

    [SkipLocalsInit]
    public void Append(in UsageEvent usage)
    {
        var record = stackalloc byte[JournalFormat.MaximumEventRecord];
        var length = EventCodec.Encode(record, JournalRecordKind.Usage, in usage);
        Place(record, length, JournalFormat.Checksum(record, length), JournalRecordKind.Usage);
    }

    [SkipLocalsInit]
    public bool TryAppend(in UsageEvent usage)
    {
        var record = stackalloc byte[JournalFormat.MaximumEventRecord];
        var length = EventCodec.Encode(record, JournalRecordKind.Usage, in usage);
        return TryPlace(record, length, JournalFormat.Checksum(record, length), JournalRecordKind.Usage) >= 0;
    }

    [SkipLocalsInit]
    public OpenUsage Begin(in UsageEvent usage)
    {
        var record = stackalloc byte[JournalFormat.MaximumEventRecord];
        var length = EventCodec.Encode(record, JournalRecordKind.Begin, in usage);
        return new OpenUsage(Place(record, length, JournalFormat.Checksum(record, length), JournalRecordKind.Begin));
    }

    [SkipLocalsInit]
    public bool TryBegin(in UsageEvent usage, out OpenUsage open)
    {
        var record = stackalloc byte[JournalFormat.MaximumEventRecord];
        var length = EventCodec.Encode(record, JournalRecordKind.Begin, in usage);
        open = new OpenUsage(TryPlace(record, length, JournalFormat.Checksum(record, length), JournalRecordKind.Begin));
        return open.Offset >= 0;
    }

    public Task WaitForSegmentAsync() => _keeper.WaitForSegmentAsync(LongestSegmentWait);

    /// <summary>Without effect when the stream is not open, and when the journal is full: the amounts of the checkpoint before then stand.</summary>
    [SkipLocalsInit]
    public void Checkpoint(OpenUsage open, long durationMicros, long bytesIn, long bytesOut, in MeterAmounts amounts)
    {
        var record = stackalloc byte[JournalFormat.CheckpointRecord];
        var length = EventCodec.EncodeCheckpoint(record, open.Offset, durationMicros, bytesIn, bytesOut, in amounts);
        var checksum = JournalFormat.Checksum(record, length);
        lock (_gate)
        {
            var begin = _disposed ? null : _open.Find(open.Offset, out _);
            if (begin is null)
                return;
            EventCodec.ApplyCheckpoint(begin, record);
            if (MakeRoom(length, _open.Count))
                Write(record, length, checksum);
        }
    }

    /// <summary>The first end counts; one for a stream that is not open is without effect.</summary>
    public void End(OpenUsage open, in UsageEvent usage)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var record = _open.Find(open.Offset, out var length);
            if (record is null)
                return;
            EventCodec.PatchEnd(record, in usage);
            WriteEnd(open.Offset, record, length);
        }
    }

    public void SealTotals()
    {
        lock (_gate)
        {
            if (!_disposed)
                WriteTotals();
        }
    }

    private long Place(byte* record, int length, uint checksum, JournalRecordKind kind)
    {
        while (true)
        {
            if (TryPlace(record, length, checksum, kind) is var offset && offset >= 0)
                return offset;
            _keeper.WaitForSegmentAsync(LongestSegmentWait).GetAwaiter().GetResult();
        }
    }

    // Negative when there is no room now.
    private long TryPlace(byte* record, int length, uint checksum, JournalRecordKind kind)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var begins = kind == JournalRecordKind.Begin;
            if (begins && _open.Count >= _maximumOpen)
                throw new JournalFullException($"{_maximumOpen} streams are open; the journal has no reserve for the end of another.");
            if (!MakeRoom(length, _open.Count + (begins ? 1 : 0)))
                return -1;
            var offset = Write(record, length, checksum);
            if (begins)
                _open.Add(offset, record, length);
            else
                Count(record);
            return offset;
        }
    }

    // Never fails: Place leaves the reserve.
    private void WriteEnd(long begin, byte* record, int length)
    {
        EventCodec.WriteHeader(record, JournalRecordKind.End, begin);
        if (!MakeRoom(length, 0))
            throw new InvalidOperationException("The journal's reserve for the ends of open streams is used up.");
        Write(record, length, JournalFormat.Checksum(record, length));
        _open.Remove(begin);
        // The slot is free but untouched until the lock is left.
        Count(record);
    }

    private void Count(byte* record)
    {
        _totals.Add(record);
        if (_totals.IsFull)
            WriteTotals();
    }

    // Room for the record, for the totals that are pending with one more, and for the ends of so many streams.
    private bool HasRoom(int length, int ends)
    {
        var left = _current.Size - _position - length - _totals.ReserveBytes;
        return left >= 0 && (_next is not null || left / EndReserveBytes >= ends);
    }

    private bool MakeRoom(int length, int ends)
    {
        if (HasRoom(length, ends))
            return true;
        if (_next is not { } next)
            return false;
        WriteTotals();
        var closed = _current;
        _current = next;
        _next = null;
        _position = JournalFormat.SegmentHeaderBytes;
        _warmAgainAt = JournalKeeper.WarmBytes / 2;
        Volatile.Write(ref _tail, next.Offset + _position);
        _closed.Add(closed);
        _keeper.Rotated();
        return true;
    }

    private void WriteTotals()
    {
        if (_totals.Count == 0)
            return;
        var record = _current.Start + _position;
        var length = _totals.Encode(record);
        Publish(record, length, JournalFormat.Checksum(record, length));
    }

    private long Write(byte* record, int length, uint checksum)
    {
        var target = _current.Start + _position;
        Unsafe.CopyBlockUnaligned(target + JournalFormat.KindAt, record + JournalFormat.KindAt, (uint)(length - JournalFormat.KindAt));
        return Publish(target, length, checksum);
    }

    private long Publish(byte* target, int length, uint checksum)
    {
        var offset = _current.Offset + _position;
        *(uint*)(target + JournalFormat.CrcAt) = JournalFormat.Seal(checksum, length, offset);
        Volatile.Write(ref *(int*)(target + JournalFormat.LengthAt), length);
        _position += length;
        Volatile.Write(ref _tail, offset + length);
        if (_position >= _warmAgainAt)
        {
            _warmAgainAt = int.MaxValue;
            _keeper.WarmAgain();
        }
        return offset;
    }
}
