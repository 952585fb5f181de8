using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tollgate.Metering.Journal;

/// <summary>A node whose journal takes no record refuses every metered call, unless the operator chose to serve without one.</summary>
internal sealed class JournalHealth(IUsageJournal journal, IConfiguration configuration) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        journal.Writable || configuration["Journal:WhenFull"] == "serve"
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("The usage journal cannot take a record: its disk is full or out of order, or Journal__MaximumBytes is reached."));
}
