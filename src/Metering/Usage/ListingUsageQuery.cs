using Tollgate.Foundation;

namespace Tollgate.Metering.Usage;

internal sealed class ListingUsageQuery : IListingUsage
{
    public async Task<IReadOnlyList<ListingUsage>> SinceAsync(DbSession session, DateTimeOffset from)
    {
        ArgumentNullException.ThrowIfNull(session);
        var day = new DateTimeOffset(from.UtcDateTime.Date, TimeSpan.Zero);
        var sums = await session.QueryAsync<Sums>("""
            SELECT api_id, sum(requests)::bigint AS requests, sum(calls - refused)::bigint AS reached, sum(status_5xx)::bigint AS errors,
              sum(latencies)::text AS latencies
            FROM metering.usage_daily WHERE day >= @day GROUP BY api_id
            """, new { day }).ConfigureAwait(false);
        return [.. sums.Select(s => new ListingUsage(s.ApiId, s.Requests, Latency.Quantile(Latency.Unpack(s.Latencies), 0.5),
            s.Reached == 0 ? null : Math.Round(1 - (double)s.Errors / s.Reached, 4)))];
    }

    private sealed class Sums
    {
        public Guid ApiId { get; init; }

        public long Requests { get; init; }

        public long Reached { get; init; }

        public long Errors { get; init; }

        public string Latencies { get; init; } = "0";
    }
}
