using System.Runtime.InteropServices;
using Tollgate.Foundation;
using Tollgate.Plans.Limits;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans.Subscriptions;

internal sealed class EntitlementStore : IEntitlements
{
    private const string Columns = """
        SELECT e.subscription_id, e.organization_id, e.provider_organization_id, e.product_kind, e.product_id, e.plan_id, e.plan_version, e.active,
               e.allowances::text AS allowances, e.anchor, e.price_interval, e.time_zone, e.valid_until, e.concurrency, o.overrides, c.amount AS spend_cap
        FROM plans.entitlement_snapshot e
        LEFT JOIN plans.spend_cap c ON c.subscription_id = e.subscription_id
        LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('meter', meter, 'window', time_window, 'amount', amount))::text AS overrides
                           FROM plans.allowance_override WHERE subscription_id = e.subscription_id) o ON true
        """;

    public async Task<IReadOnlyList<Entitlement>> LoadAsync(DbSession session, Guid[]? subscriptionIds)
    {
        ArgumentNullException.ThrowIfNull(session);
        var rows = await session.QueryAsync<Row>($"""
            {Columns}
            WHERE @subscriptionIds::uuid[] IS NULL OR e.subscription_id = ANY (@subscriptionIds::uuid[])
            """, new { subscriptionIds }).ConfigureAwait(false);
        return Read(rows);
    }

    public async Task<IReadOnlyList<Entitlement>> LoadPageAsync(DbSession session, Guid? after, int limit)
    {
        ArgumentNullException.ThrowIfNull(session);
        var rows = await session.QueryAsync<Row>($"""
            {Columns}
            {(after is null ? "" : "WHERE e.subscription_id > @after")}
            ORDER BY e.subscription_id LIMIT @limit
            """, new { after, limit }).ConfigureAwait(false);
        return Read(rows);
    }

    /// <summary>Derives the snapshot from the subscription as it now stands in this transaction. Past due still serves; paused and canceled do not, nor does anything while the consumer is suspended.</summary>
    public static Task DeriveAsync(DbSession session, Guid subscriptionId, DateTimeOffset periodEnd, DateTimeOffset now) => session.ExecuteAsync("""
        INSERT INTO plans.entitlement_snapshot AS e (subscription_id, organization_id, provider_organization_id, product_kind, product_id, plan_id, plan_version,
                                                     active, allowances, anchor, price_interval, time_zone, valid_until, period_end, updated_at, concurrency)
        SELECT s.id, s.organization_id, s.provider_organization_id, s.product_kind, s.product_id, s.plan_id, s.plan_version,
               s.status IN ('active', 'past_due') AND NOT s.suspended, v.allowances, s.anchor, v.price_interval, s.time_zone, NULL, @periodEnd, @now, v.concurrency
        FROM plans.subscription s JOIN plans.plan_version v ON v.plan_id = s.plan_id AND v.version = s.plan_version
        WHERE s.id = @subscriptionId
        ON CONFLICT (subscription_id) DO UPDATE SET plan_version = excluded.plan_version, active = excluded.active, allowances = excluded.allowances,
               anchor = excluded.anchor, price_interval = excluded.price_interval, time_zone = excluded.time_zone, valid_until = excluded.valid_until,
               period_end = excluded.period_end, updated_at = excluded.updated_at, concurrency = excluded.concurrency
        """, new { subscriptionId, periodEnd, now });

    // Many have the same plan: what it says is read once.
    private static List<Entitlement> Read(IReadOnlyList<Row> rows)
    {
        var read = new Dictionary<string, IReadOnlyList<Allowance>>(StringComparer.Ordinal);
        var all = new List<Entitlement>(rows.Count);
        foreach (var row in rows)
        {
            ref var allowances = ref CollectionsMarshal.GetValueRefOrAddDefault(read, row.Allowances, out _);
            all.Add(row.ToEntitlement(allowances ??= PlanText.Allowances(row.Allowances)));
        }
        return all;
    }

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

        public int? Concurrency { get; init; }

        public string? Overrides { get; init; }

        public long? SpendCap { get; init; }

        public Entitlement ToEntitlement(IReadOnlyList<Allowance> ofPlan) => new(
            SubscriptionId, OrganizationId, new Product(ProductKind, ProductId, ProviderOrganizationId), PlanId, PlanVersion, Active,
            AllowanceOverride.Apply(ofPlan, Overrides), Anchor, PlanText.Interval(PriceInterval)!.Value, TimeZone, ValidUntil)
        {
            Concurrency = Concurrency,
            SpendCap = SpendCap,
        };
    }
}
