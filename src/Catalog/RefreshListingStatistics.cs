using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Catalog;

/// <summary>Brings what the catalog shows of each listing up to date: its subscribers, and its last 30 days in the gateway.</summary>
public sealed class RefreshListingStatistics(IDatabase database, IListingUsage usage, IPlanStatistics plans, TimeProvider clock) : IRecurringJob
{
    private static readonly TimeSpan Span = TimeSpan.FromDays(30);

    public Task RunAsync(CancellationToken cancellation) => database.AsWorkerAsync(RefreshAsync, cancellation);

    private async Task<int> RefreshAsync(DbSession session)
    {
        var now = clock.GetUtcNow();
        var subscribers = await plans.SubscribersAsync(session, "api").ConfigureAwait(false);
        var used = (await usage.SinceAsync(session, now - Span).ConfigureAwait(false)).ToDictionary(u => u.ApiId);
        var apis = await session.QueryAsync<Guid>("SELECT api_id FROM catalog.listing ORDER BY api_id").ConfigureAwait(false);
        // One statement for all: parallel arrays, in the order of the key.
        return await session.ExecuteAsync("""
            INSERT INTO catalog.listing_statistics AS s (api_id, organization_id, subscriber_count, requests_30d, latency_ms_p50, success_rate, updated_at)
            SELECT l.api_id, l.organization_id, n.subscribers, n.requests, n.latency, n.success, @now
            FROM unnest(@apis::uuid[], @subscribers::bigint[], @requests::bigint[], @latencies::float8[], @successes::float8[])
              AS n (api_id, subscribers, requests, latency, success)
            JOIN catalog.listing l ON l.api_id = n.api_id
            ORDER BY l.api_id
            ON CONFLICT (api_id) DO UPDATE SET subscriber_count = excluded.subscriber_count, requests_30d = excluded.requests_30d,
              latency_ms_p50 = excluded.latency_ms_p50, success_rate = excluded.success_rate, updated_at = excluded.updated_at
            """, new
        {
            now,
            apis = apis.ToArray(),
            subscribers = apis.Select(a => subscribers.GetValueOrDefault(a)).ToArray(),
            requests = apis.Select(a => used.GetValueOrDefault(a)?.Requests ?? 0).ToArray(),
            latencies = apis.Select(a => used.GetValueOrDefault(a)?.LatencyMsP50).ToArray(),
            successes = apis.Select(a => used.GetValueOrDefault(a)?.SuccessRate).ToArray(),
        }).ConfigureAwait(false);
    }
}
