namespace Tollgate.Foundation.Changes;

internal sealed class ChangeFeedMetrics(ChangeFeed feed) : IMetricSource
{
    public void WriteTo(MetricPage page)
    {
        if (!feed.Follows)
            return;
        page.Gauge("tollgate_change_feed_staleness_seconds", "Since this node's snapshots were last known to be current.", feed.Staleness.TotalSeconds);
        page.Gauge("tollgate_change_feed_applied_version", "Version of the change feed that every snapshot has reached.", feed.AppliedVersion);
        page.Gauge("tollgate_change_feed_loaded", "1 when every snapshot is there.", feed.Ready ? 1 : 0);
    }
}
