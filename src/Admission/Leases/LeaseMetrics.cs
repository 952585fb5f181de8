using Tollgate.Foundation;

namespace Tollgate.Admission.Leases;

/// <summary>How this node gets on with the others, where limits are shared through Redis.</summary>
internal sealed class LeaseMetrics(SharedLimits shared, SharedEpoch epoch, LeaseRounds rounds) : IMetricSource
{
    public void WriteTo(MetricPage page)
    {
        page.Gauge("tollgate_redis_joined", "1 while this node works with the counters that Redis holds.", epoch.Current is null ? 0 : 1);
        page.Gauge("tollgate_redis_silent_seconds", "Since Redis last answered; it is asked each second.", shared.Silence.TotalSeconds);
        page.Gauge("tollgate_leases_open", "Meters of which this node holds a lease.", rounds.Book.Count);
        page.Counters("tollgate_lease_rounds", "Rounds in which Redis was asked for leases.");
        page.Add(rounds.Answered, ("result", "answered"));
        page.Add(rounds.Failed, ("result", "failed"));
    }
}
