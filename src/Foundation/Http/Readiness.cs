using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tollgate.Foundation.Http;

/// <summary>The body of /_api/readyz: which part is not ready, and why. A part that works but wants the operator's eye (degraded) is ready, with a reason.</summary>
internal static class Readiness
{
    public static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(
        new
        {
            status = report.Status != HealthStatus.Unhealthy ? "ready" : "not_ready",
            checks = report.Entries.Select(entry => new { name = entry.Key, ready = entry.Value.Status != HealthStatus.Unhealthy, reason = entry.Value.Description }),
        },
        Json.Options, context.RequestAborted);
}
