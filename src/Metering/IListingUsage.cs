using Tollgate.Foundation;

namespace Tollgate.Metering;

/// <summary>How an API does, over all its consumers: sums that tell nothing of any one of them.</summary>
/// <param name="Requests">Billable.</param>
/// <param name="LatencyMsP50">Of served calls; null without one.</param>
/// <param name="SuccessRate">Share of the calls that were not refused and not answered with 5xx; null without one.</param>
public sealed record ListingUsage(Guid ApiId, long Requests, double? LatencyMsP50, double? SuccessRate);

/// <summary>For what the catalog shows of an API.</summary>
public interface IListingUsage
{
    /// <summary>Each API with a call on or after the UTC day of <paramref name="from"/>. Worker role.</summary>
    Task<IReadOnlyList<ListingUsage>> SinceAsync(DbSession session, DateTimeOffset from);
}
