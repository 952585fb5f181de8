using Tollgate.Foundation;

namespace Tollgate.Plans.Subscriptions;

internal sealed class PlanStatistics : IPlanStatistics
{
    public async Task<IReadOnlyDictionary<Guid, long>> SubscribersAsync(DbSession session, string productKind)
    {
        ArgumentNullException.ThrowIfNull(session);
        var rows = await session.QueryAsync<(Guid Product, long Count)>("""
            SELECT product_id, count(*) FROM plans.subscription WHERE product_kind = @productKind AND status <> 'canceled' GROUP BY product_id
            """, new { productKind }).ConfigureAwait(false);
        return rows.ToDictionary(r => r.Product, r => r.Count);
    }
}
