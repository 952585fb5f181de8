using Tollgate.Foundation;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans.Subscriptions;

internal sealed class EntitlementStore : IEntitlements
{
    public async Task<IReadOnlyList<Entitlement>> LoadAsync(DbSession session, Guid[]? subscriptionIds)
    {
        ArgumentNullException.ThrowIfNull(session);
        var rows = await session.QueryAsync<Row>("""
            SELECT subscription_id, organization_id, provider_organization_id, product_kind, product_id, plan_id, plan_version, active,
                   allowances::text AS allowances, anchor, price_interval, time_zone, valid_until
            FROM plans.entitlement_snapshot
            WHERE @subscriptionIds::uuid[] IS NULL OR subscription_id = ANY (@subscriptionIds::uuid[])
            """, new { subscriptionIds }).ConfigureAwait(false);
        return [.. rows.Select(r => r.ToEntitlement())];
    }

    /// <summary>Derives the snapshot from the subscription as it now stands in this transaction. Past due still serves; paused and canceled do not.</summary>
    public static Task DeriveAsync(DbSession session, Guid subscriptionId, DateTimeOffset periodEnd, DateTimeOffset now) => session.ExecuteAsync("""
        INSERT INTO plans.entitlement_snapshot AS e (subscription_id, organization_id, provider_organization_id, product_kind, product_id, plan_id, plan_version,
                                                     active, allowances, anchor, price_interval, time_zone, valid_until, period_end, updated_at)
        SELECT s.id, s.organization_id, s.provider_organization_id, s.product_kind, s.product_id, s.plan_id, s.plan_version,
               s.status IN ('active', 'past_due'), v.allowances, s.anchor, v.price_interval, s.time_zone, NULL, @periodEnd, @now
        FROM plans.subscription s JOIN plans.plan_version v ON v.plan_id = s.plan_id AND v.version = s.plan_version
        WHERE s.id = @subscriptionId
        ON CONFLICT (subscription_id) DO UPDATE SET plan_version = excluded.plan_version, active = excluded.active, allowances = excluded.allowances,
               anchor = excluded.anchor, price_interval = excluded.price_interval, time_zone = excluded.time_zone, valid_until = excluded.valid_until,
               period_end = excluded.period_end, updated_at = excluded.updated_at
        """, new { subscriptionId, periodEnd, now });

    private sealed class Row
    {
        public Guid SubscriptionId { get; init; }

        public Guid OrganizationId { get; init; }

        public Guid ProviderOrganizationId { get; init; }

        public string ProductKind { get; init; } = "";

        public Guid ProductId { get; init; }

        public Guid PlanId { get; init; }

        public int PlanVersion { get; init; }

        public bool Active { get; init; }

        public string Allowances { get; init; } = "[]";

        public DateTimeOffset Anchor { get; init; }

        public string PriceInterval { get; init; } = "";

        public string TimeZone { get; init; } = "";

        public DateTimeOffset? ValidUntil { get; init; }

        public Entitlement ToEntitlement() => new(
            SubscriptionId, OrganizationId, new Product(ProductKind, ProductId, ProviderOrganizationId), PlanId, PlanVersion, Active,
            PlanText.Allowances(Allowances), Anchor, PlanText.Interval(PriceInterval)!.Value, TimeZone, ValidUntil);
    }
}
