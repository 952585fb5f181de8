using Tollgate.Foundation;

namespace Tollgate.Metering.Journal;

/// <summary>What the operator watches.</summary>
internal sealed class JournalMetrics(UsageJournal journal, TimeProvider clock) : IMetricSource
{
    private readonly Lock _gate = new();
    private long _flushedTo;
    private long _since = clock.GetTimestamp();

    public void WriteTo(MetricPage page)
    {
        page.Counter("tollgate_journal_written_bytes", "Written over the journal's life: its tail.", journal.Tail);
        page.Gauge("tollgate_journal_retained_bytes", "On disk.", journal.Tail - journal.Head);
        page.Gauge("tollgate_journal_fsync_lag_bytes", "What a loss of power would take now.", journal.Tail - journal.FlushedTo);
        page.Gauge("tollgate_journal_fsync_stalled_seconds", "Since the flushed place was last seen to move while records waited.", Stalled());
        page.Gauge("tollgate_journal_open_streams", "Streams that have begun and not ended.", journal.OpenStreamCount);
        page.Gauge("tollgate_journal_damaged_places", "Damaged places found.", journal.Damaged);
        page.Gauge("tollgate_journal_writable", "0 when no record can be taken.", journal.Writable ? 1 : 0);
    }

    private double Stalled()
    {
        lock (_gate)
        {
            var flushed = journal.FlushedTo;
            if (flushed != _flushedTo || flushed == journal.Tail)
                (_flushedTo, _since) = (flushed, clock.GetTimestamp());
            return clock.GetElapsedTime(_since).TotalSeconds;
        }
    }
}
