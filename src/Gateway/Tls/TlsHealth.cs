using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tollgate.Gateway.Tls;

/// <summary>The node serves on with the certificate that it has; somebody should know that this will not last.</summary>
internal sealed class TlsHealth(ServerCertificate certificate) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Check());

    private HealthCheckResult Check()
    {
        // Whoever asks is told this: paths and the reasons of errors are in the log.
        if (certificate.Failure is not null)
            return HealthCheckResult.Degraded("The new certificate cannot be used, the old one is shown; the log tells why.");
        return certificate.ExpiresSoon ? HealthCheckResult.Degraded($"The certificate is valid until {certificate.NotAfter:u} only.") : HealthCheckResult.Healthy();
    }
}
