namespace Tollgate.Foundation;

/// <summary>
/// What a part of the program tells of itself at <c>/metrics</c>. It is asked with each look at the page: what it counts it counts in fields of its own, and a call
/// on the gateway's path pays for nothing else (docs/decisions/0015). A label never names a subscription, a key or a path.
/// </summary>
public interface IMetricSource
{
    /// <summary>Writes its families, each in one piece. What it throws costs the page these families and no others.</summary>
    void WriteTo(MetricPage page);
}
