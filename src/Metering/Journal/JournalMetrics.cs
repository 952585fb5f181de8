using System.Diagnostics.Metrics;

namespace Tollgate.Metering.Journal;

/// <summary>What the operator watches.</summary>
internal sealed class JournalMetrics : IDisposable
{
    private readonly System.Diagnostics.Metrics.Meter _meter = new("Tollgate");
    private readonly UsageJournal _journal;
    private readonly TimeProvider _clock;
    private long _flushedTo;
    private long _since;

    public JournalMetrics(UsageJournal journal, TimeProvider clock)
    {
        (_journal, _clock) = (journal, clock);
        _since = clock.GetTimestamp();
        _meter.CreateObservableGauge("tollgate.journal.fsync.lag", () => journal.Tail - journal.FlushedTo, "By", "Bytes that a loss of power would take now");
        _meter.CreateObservableGauge("tollgate.journal.fsync.stalled", Stalled, "s", "Seconds since the flushed place last moved while records waited");
        _meter.CreateObservableCounter("tollgate.journal.bytes", () => journal.Tail, "By", "Bytes written over the journal's life");
        _meter.CreateObservableGauge("tollgate.journal.retained", () => journal.Tail - journal.Head, "By", "Bytes on disk");
        _meter.CreateObservableGauge("tollgate.journal.open_streams", () => journal.OpenStreamCount, "{stream}", "Streams that have begun and not ended");
        _meter.CreateObservableGauge("tollgate.journal.damaged", () => journal.Damaged, "{place}", "Damaged places found");
        _meter.CreateObservableGauge("tollgate.journal.writable", () => journal.Writable ? 1 : 0, null, "0 when no record can be taken");
    }

    public void Dispose() => _meter.Dispose();

    private double Stalled()
    {
        var flushed = _journal.FlushedTo;
        if (flushed != _flushedTo || flushed == _journal.Tail)
            (_flushedTo, _since) = (flushed, _clock.GetTimestamp());
        return _clock.GetElapsedTime(_since).TotalSeconds;
    }
}
