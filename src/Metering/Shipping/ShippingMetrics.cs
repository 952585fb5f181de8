using Tollgate.Foundation;

namespace Tollgate.Metering.Shipping;

/// <summary>How the journal comes into the request log.</summary>
internal sealed class ShippingMetrics : IMetricSource
{
    private long _shipped;
    private long _rejected;
    private long _failures;

    /// <summary>Tail of the journal less what is shipped; set by the shipper.</summary>
    public Func<long>? Lag { get; set; }

    /// <summary>0 while nothing waits; set by the shipper.</summary>
    public Func<double>? LagSeconds { get; set; }

    /// <summary>Where the journal is shipped to; set by the shipper.</summary>
    public Func<long>? Position { get; set; }

    public void Shipped(int events) => Interlocked.Add(ref _shipped, events);

    public void Rejected(int records) => Interlocked.Add(ref _rejected, records);

    public void Failed() => Interlocked.Increment(ref _failures);

    public void WriteTo(MetricPage page)
    {
        page.Gauge("tollgate_journal_lag_bytes", "Journal that is not in the request log yet.", Lag?.Invoke() ?? 0);
        page.Gauge("tollgate_journal_lag_seconds", "Since everything in the journal was last in the request log; 0 while nothing waits.", LagSeconds?.Invoke() ?? 0);
        page.Gauge("tollgate_journal_shipped_position_bytes", "Offset up to which the journal is in the request log, as this process last knew.", Position?.Invoke() ?? 0);
        page.Counter("tollgate_usage_shipped_events", "Usage events written into the request log.", Volatile.Read(ref _shipped));
        page.Counter("tollgate_usage_rejected_records", "Journal records that PostgreSQL refused; they are kept in metering.rejected_record.", Volatile.Read(ref _rejected));
        page.Counter("tollgate_usage_shipping_failures", "Attempts to ship that failed and were repeated.", Volatile.Read(ref _failures));
    }
}
