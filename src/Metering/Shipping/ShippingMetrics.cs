using System.Diagnostics.Metrics;

namespace Tollgate.Metering.Shipping;

/// <summary>The instruments of shipping, on the product's meter.</summary>
internal sealed class ShippingMetrics : IDisposable
{
    private readonly System.Diagnostics.Metrics.Meter _meter = new("Tollgate");
    private readonly Counter<long> _shipped;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _failures;

    public ShippingMetrics()
    {
        _shipped = _meter.CreateCounter<long>("tollgate.usage.shipped", "{event}", "Usage events written into the request log");
        _rejected = _meter.CreateCounter<long>("tollgate.usage.rejected", "{record}", "Journal records that PostgreSQL refused");
        _failures = _meter.CreateCounter<long>("tollgate.usage.shipping_failures", "{attempt}", "Attempts to ship that failed");
        _meter.CreateObservableGauge("tollgate.journal.lag", () => Lag?.Invoke() ?? 0, "By", "Journal that is not in the request log yet");
        _meter.CreateObservableGauge("tollgate.journal.lag.seconds", () => LagSeconds?.Invoke() ?? 0, "s", "Since everything in the journal was last in the request log");
    }

    /// <summary>Tail of the journal less what is shipped; set by the shipper.</summary>
    public Func<long>? Lag { get; set; }

    /// <summary>0 while nothing waits; set by the shipper.</summary>
    public Func<double>? LagSeconds { get; set; }

    public void Shipped(int events) => _shipped.Add(events);

    public void Rejected(int records) => _rejected.Add(records);

    public void Failed() => _failures.Add(1);

    public void Dispose() => _meter.Dispose();
}
