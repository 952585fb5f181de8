using Tollgate.Plans.Offers;

namespace Tollgate.Plans.Subscriptions;

/// <summary>A subscription with its pinned plan version, as SQL answers it.</summary>
internal sealed class SubscriptionRow
{
    /// <summary>To be followed by the conditions.</summary>
    public const string Select = """
        SELECT s.id, s.organization_id, s.status, s.source, s.started_at, s.anchor, s.time_zone, s.canceled_at, s.created_at, s.suspended,
               p.id AS plan_id, v.version, p.product_kind, p.product_id, s.provider_organization_id, v.name, v.description,
               v.price_amount, v.price_currency, v.price_interval, v.allowances::text AS allowances, v.concurrency, p.on_sale AND NOT p.archived AS on_sale, p.archived
        FROM plans.subscription s
        JOIN plans.plan p ON p.id = s.plan_id
        JOIN plans.plan_version v ON v.plan_id = s.plan_id AND v.version = s.plan_version
        """;

    public Guid Id { get; init; }

    public Guid OrganizationId { get; init; }

    public string Status { get; init; } = "";

    public string Source { get; init; } = "";

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset Anchor { get; init; }

    public string TimeZone { get; init; } = "";

    public DateTimeOffset? CanceledAt { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public bool Suspended { get; init; }

    public Guid PlanId { get; init; }

    public int Version { get; init; }

    public string ProductKind { get; init; } = "";

    public Guid ProductId { get; init; }

    public Guid ProviderOrganizationId { get; init; }

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public long PriceAmount { get; init; }

    public string PriceCurrency { get; init; } = "";

    public string PriceInterval { get; init; } = "";

    public string Allowances { get; init; } = "[]";

    public bool OnSale { get; init; }

    public bool Archived { get; init; }

    public int? Concurrency { get; init; }

    public PriceInterval Interval => PlanText.Interval(PriceInterval)!.Value;

    /// <summary>The billing period that holds an instant.</summary>
    public Span Period(DateTimeOffset at) => Calendar.Period(Anchor, Interval, Zones.Find(TimeZone), at);

    /// <summary>The running period, or for an ended subscription the one in which it ended.</summary>
    public Subscription ToSubscription(DateTimeOffset now)
    {
        var period = Period(CanceledAt ?? now);
        return new Subscription(
            Id, OrganizationId, ToPlan(), SubscriptionText.Status(Status), SubscriptionText.Source(Source),
            StartedAt, period.Start, period.End, TimeZone, CanceledAt, CreatedAt)
        { Suspended = Suspended };
    }

    public Plan ToPlan() => new(
        PlanId, Version, new Product(ProductKind, ProductId, ProviderOrganizationId), Name, Description,
        new Price(PriceAmount, PriceCurrency, Interval), PlanText.Allowances(Allowances), OnSale, Archived, Concurrency);
}
