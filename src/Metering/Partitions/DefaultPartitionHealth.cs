using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tollgate.Metering.Partitions;

/// <summary>Nothing is lost in the default partition and the node does its work; but months were not made in time, and somebody should know.</summary>
internal sealed class DefaultPartitionHealth(WatchDefaultPartition watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        watch.Rows == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded($"{watch.Rows} usage events are in the default partition of the request log: their months have no partition. The job ensure-request-log-partitions makes them."));
}
