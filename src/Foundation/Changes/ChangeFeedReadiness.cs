using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tollgate.Foundation.Changes;

/// <summary>
/// A node is of use once its snapshots are loaded. It stays ready when the database goes away later: it serves on from what it knows, and the age of that is a
/// metric.
/// </summary>
internal sealed class ChangeFeedReadiness(IChangeFeed feed) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(feed.Ready ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The snapshots are not loaded from the database yet."));
}
