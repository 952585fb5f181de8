using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Tollgate.Foundation;

namespace Tollgate.Metering.Reports;

/// <summary>How many reports are taken in at once: each holds a connection to the database, of which calls for other things need some too.</summary>
internal sealed class ReportLimit : IRateLimiterPolicy<string>
{
    public const string Name = "usage-events";

    private static readonly ConcurrencyLimiterOptions Limit = new() { PermitLimit = 8, QueueLimit = 200, QueueProcessingOrder = QueueProcessingOrder.OldestFirst };
    private static readonly Failure Busy =
        new(FailureKind.Unavailable, "REPORTS_BUSY", "Too many reports are being taken in. Nothing of this one was; send it again in a moment.") { RetryAfterSeconds = 2 };

    public Func<OnRejectedContext, CancellationToken, ValueTask>? OnRejected { get; } = static async (context, _) =>
        await Problems.Result(Busy).ExecuteAsync(context.HttpContext).ConfigureAwait(false);

    public RateLimitPartition<string> GetPartition(HttpContext httpContext) => RateLimitPartition.GetConcurrencyLimiter(Name, static _ => Limit);
}
