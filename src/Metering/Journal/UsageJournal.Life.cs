using Microsoft.Extensions.Logging;

namespace Tollgate.Metering.Journal;

/// <summary>Opening, what the keeper does, and closing.</summary>
internal sealed unsafe partial class UsageJournal
{
    /// <summary>Opens or makes the journal of a folder; streams that were open when the process died are closed as interrupted.</summary>
    /// <exception cref="JournalInUseException">Another process holds it.</exception>
    /// <exception cref="JournalFormatException">A newer program wrote it, or its files do not belong together.</exception>
    public UsageJournal(string path, JournalOptions options, TimeProvider clock, ILogger logger)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("The usage journal needs a little-endian machine.");
        (_options, _clock) = (options, clock);
        _folder = new JournalFolder(path, options.SegmentBytes, options.MaximumBytes);
        try
        {
            var capacity = Math.Clamp((_folder.SegmentBytes / 8 - JournalFormat.RecordHeaderBytes) / JournalFormat.TotalBytes, 4, JournalFormat.TotalsPerRecord);
            _totals = new BillableTotals(capacity);
            _maximumOpen = (_folder.SegmentBytes - JournalFormat.SegmentHeaderBytes - JournalFormat.MaximumEventRecord - 2 * EndReserveBytes) / EndReserveBytes;
            var recovery = new JournalRecovery(_folder, _open, _totals, _damaged);
            recovery.Run();
            (_current, _next, _position) = (recovery.Current, recovery.Next, recovery.Position);
            (_closed, _sealed) = (recovery.Closed, recovery.Sealed);
            _tail = _current.Offset + _position;
            // Looking for the end has touched all of it.
            _current.ReleaseBefore(_current.Size);
            _next?.ReleaseBefore(_next.Size);
        }
        catch
        {
            _open.Dispose();
            _folder.Dispose();
            throw;
        }
        _keeper = new JournalKeeper(this, options.FsyncIntervalMilliseconds, logger);
        CloseInterrupted();
        _keeper.Start();
    }

    public int OpenStreamCount
    {
        get
        {
            lock (_gate)
                return _open.Count;
        }
    }

    /// <summary>Everything before this offset survives a loss of power.</summary>
    public long FlushedTo => _keeper.FlushedTo;

    // Records that come faster than the disk takes them wait for the segments that are full, and not, page by page and under the lock, for the kernel's limit of unwritten pages.
    bool IJournalKept.NeedsSegment
    {
        get
        {
            lock (_gate)
                return _next is null && _closed.Count < JournalKeeper.MaximumUnsealed;
        }
    }

    /// <summary>Seals the totals and brings all to disk. Streams still open are closed at the next start, as after a crash.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            WriteTotals();
            _disposed = true;
        }
        _keeper.Dispose();
        try
        {
            ((IJournalKept)this).Flush();
            _folder.MarkClosed();
        }
        finally
        {
            Unmap();
            _folder.Dispose();
        }
    }

    void IJournalKept.PrepareSegment()
    {
        var next = _folder.Create(_current.Index + 1);
        lock (_gate)
        {
            _next = next;
            _keeper.Prepared();
        }
    }

    void IJournalKept.Flush()
    {
        Segment current;
        int position;
        while (true)
        {
            Segment closed;
            long oldest;
            lock (_gate)
            {
                // Looked at together: one that is filled after this look is not skipped.
                (current, position) = (_current, _position);
                if (_closed.Count == 0)
                    break;
                closed = _closed[0];
                oldest = _open.OldestBegin;
            }
            var now = _clock.GetUtcNow();
            closed.Seal(Id, now, oldest < closed.Offset + closed.Size ? oldest : long.MaxValue);
            lock (_gate)
            {
                _closed.RemoveAt(0);
                // In its place: a copy of a running journal may hold younger ones that were closed before.
                _sealed.Insert(_sealed.FindLastIndex(s => s.Index < closed.Index) + 1, (closed.Index, now));
            }
            lock (_warmGate)
                closed.Dispose();
            _keeper.Sealed();
        }
        current.FlushTo(position);
    }

    void IJournalKept.WarmAhead(long bytes, bool writing)
    {
        Segment current;
        Segment? next;
        int position;
        // A segment that is full meanwhile is not unmapped under who touches it.
        lock (_warmGate)
        {
            lock (_gate)
                (current, next, position) = (_current, _next, _position);
            current.Touch(position, position + bytes, writing);
            // What is written waits for the disk in the kernel's memory: written out from a mapping, each page would be taken from it one by one, on all processors.
            if (writing)
                current.ReleaseBefore(position);
            // Made warm when it was made, but perhaps written out or dropped since: again when the end of this one is near.
            if (position >= current.Size - 2L * JournalKeeper.WarmBytes)
                next?.Touch(0, Math.Max(bytes, position + bytes - current.Size), writing);
        }
        if (bytes < JournalKeeper.WarmBytes)
            return;
        lock (_gate)
            if (_current == current)
                _warmAgainAt = position + bytes >= current.Size ? int.MaxValue : position + (int)bytes / 2;
    }

    private void Unmap()
    {
        lock (_replayGate)
        {
            _replaying?.Dispose();
            _replaying = null;
        }
        lock (_readGate)
        {
            _reading?.Dispose();
            _reading = null;
            _current.Dispose();
            _next?.Dispose();
            _closed.ForEach(segment => segment.Dispose());
            _open.Dispose();
        }
    }

    private void CloseInterrupted()
    {
        lock (_gate)
        {
            while (_open.OldestBegin != long.MaxValue)
            {
                var begin = _open.OldestBegin;
                var record = _open.Find(begin, out var length);
                EventCodec.PatchInterrupted(record);
                WriteEnd(begin, record, length);
            }
            WriteTotals();
        }
    }
}
