using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Apis;

/// <summary>
/// How many large requests with a document are taken in at once. A body in memory is several times its size, so the others wait before anything of theirs
/// is read, and more than may wait are told to come back. Without a length a body counts as large.
/// </summary>
internal sealed class LargeBodies : IRateLimiterPolicy<bool>
{
    public const string Name = "large-bodies";
    public const int LargeBytes = 1024 * 1024;
    public const int MostAtOnce = 2;
    public const int MostWaiting = 16;

    private static readonly ConcurrencyLimiterOptions Limit = new() { PermitLimit = MostAtOnce, QueueLimit = MostWaiting, QueueProcessingOrder = QueueProcessingOrder.OldestFirst };
    private static readonly Failure Busy = new(FailureKind.Unavailable, "IMPORT_BUSY", "Other large documents are being read. Nothing was changed; try again in a moment.") { RetryAfterSeconds = 10 };

    public Func<OnRejectedContext, CancellationToken, ValueTask>? OnRejected { get; } = static async (context, _) =>
        await Problems.Result(Busy).ExecuteAsync(context.HttpContext).ConfigureAwait(false);

    public RateLimitPartition<bool> GetPartition(HttpContext httpContext) => httpContext.Request.ContentLength <= LargeBytes
        ? RateLimitPartition.GetNoLimiter(false)
        : RateLimitPartition.GetConcurrencyLimiter(true, static _ => Limit);
}
