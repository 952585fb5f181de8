using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tollgate.Foundation.Changes;

/// <summary>
/// A node is of use once its snapshots are loaded, from the database or from its disk. It stays ready when the database goes away: it serves on from what it
/// knows, says how old that is, and ends only when it is older than the operator allows.
/// </summary>
internal sealed class ChangeFeedReadiness(IChangeFeed feed) : IHealthCheck
{
    // The feed looks each second; some seconds without an answer are no news.
    private static readonly TimeSpan WorthTelling = TimeSpan.FromSeconds(10);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Check());

    private HealthCheckResult Check()
    {
        if (!feed.Ready)
            return HealthCheckResult.Unhealthy("The snapshots are not loaded from the database yet.");
        var age = feed.Staleness;
        var words = string.Create(CultureInfo.InvariantCulture, $"stale snapshot of age {age.TotalSeconds:0} s");
        if (feed.TooStale)
            return HealthCheckResult.Unhealthy($"{words}: older than Snapshot__GreatestStalenessSeconds allows.");
        return age > WorthTelling ? HealthCheckResult.Healthy($"{words}: the database does not answer.") : HealthCheckResult.Healthy();
    }
}
