using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tollgate.Foundation.Http;

/// <summary>The body of /_api/readyz: which part is not ready, and why.</summary>
internal static class Readiness
{
    public static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(
        new
        {
            status = report.Status == HealthStatus.Healthy ? "ready" : "not_ready",
            checks = report.Entries.Select(entry => new { name = entry.Key, ready = entry.Value.Status == HealthStatus.Healthy, reason = entry.Value.Description }),
        },
        Json.Options, context.RequestAborted);
}
