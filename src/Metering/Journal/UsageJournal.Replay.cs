namespace Tollgate.Metering.Journal;

/// <summary>The side of those who count. A mapping and a lock of its own, and no object for a record: it follows every call that the node serves.</summary>
internal sealed unsafe partial class UsageJournal
{
    private readonly Lock _replayGate = new();
    private Segment? _replaying;

    /// <summary>See <see cref="IJournalReplay.Replay"/>.</summary>
    public long? Replay(long from, FinishedUsageVisitor visit)
    {
        lock (_replayGate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var tail = Tail;
            if (from < Head || from > tail)
                return null;
            for (var at = from; at < tail;)
            {
                if (ReplayOne(at, tail, visit) is not { } next)
                    return null;
                at = next;
            }
            _replaying?.ReleaseBefore(_replaying.Size);
            return tail;
        }
    }

    private long? ReplayOne(long at, long tail, FinishedUsageVisitor visit)
    {
        var size = _folder.SegmentBytes;
        var index = (int)(at / size);
        if (!ReachReplayed(index))
            return null;
        var start = (long)index * size;
        var position = Math.Max((int)(at - start), JournalFormat.SegmentHeaderBytes);
        var limit = (int)Math.Min(tail - start, size);
        var segment = _replaying!.Start;
        var length = JournalFormat.ValidLength(segment, position, limit, start);
        if (length > 0)
        {
            Visit(segment + position, start + position, visit);
            return start + position + length;
        }
        // The unused end of a segment, or damage, which the shipper counts.
        var next = JournalFormat.Resync(segment, position, limit, start);
        return start + (next >= 0 ? next : limit);
    }

    private bool ReachReplayed(int index)
    {
        if (_replaying?.Index == index)
            return true;
        _replaying?.Dispose();
        _replaying = null;
        try
        {
            _replaying = _folder.Has(index) ? _folder.Open(index, writable: false) : null;
        }
        catch (FileNotFoundException)
        {
            // Freed since it was looked for.
        }
        return _replaying is not null;
    }

    private static void Visit(byte* record, long offset, FinishedUsageVisitor visit)
    {
        var kind = (JournalRecordKind)record[JournalFormat.KindAt];
        if (kind is not (JournalRecordKind.Usage or JournalRecordKind.End) || !EventCodec.IsBillable(record))
            return;
        var (subscription, started, amounts) = (EventCodec.SubscriptionOf(record), EventCodec.StartOf(record), EventCodec.AmountsOf(record));
        var named = false;
        var free = -1;
        for (var i = 0; i < 4; i++)
        {
            named |= amounts[i].Meter == Meter.Requests.Code;
            free = amounts[i].Meter == 0 ? i : free;
        }
        var one = new MeterAmount(Meter.Requests.Code, 1);
        if (!named && free >= 0)
            amounts[free] = one;
        visit(new FinishedUsage { Offset = offset, SubscriptionId = subscription, StartMicros = started, Amounts = amounts });
        if (named || free >= 0)
            return;
        var request = default(MeterAmounts);
        request[0] = one;
        visit(new FinishedUsage { Offset = offset, SubscriptionId = subscription, StartMicros = started, Amounts = request });
    }
}
