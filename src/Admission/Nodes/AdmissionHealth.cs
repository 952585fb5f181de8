using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tollgate.Admission.Deciding;

namespace Tollgate.Admission.Nodes;

internal sealed class AdmissionHealth(NodeState state) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(state.Ready ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(state.WhyNotReady));
}
