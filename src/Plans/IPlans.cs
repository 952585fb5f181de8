using Tollgate.Foundation;

namespace Tollgate.Plans;

/// <summary>Plans of a product, for the module that owns the product. All run in the caller's transaction, under its row-level security.</summary>
public interface IPlans
{
    /// <summary>PLAN_NAME_TAKEN when the product has a live plan of this name.</summary>
    Task<Outcome<Plan>> CreateAsync(DbSession session, Product product, PlanDraft draft);

    /// <summary>Adds a version; existing subscriptions keep theirs. PRECONDITION_FAILED when <paramref name="expected"/> is not the newest.</summary>
    Task<Outcome<Plan>> ReviseAsync(DbSession session, Guid planId, ExpectedVersion expected, PlanDraft draft);

    /// <summary>No new subscriptions; existing ones go on.</summary>
    Task<Outcome<Plan>> ArchiveAsync(DbSession session, Guid planId);

    /// <summary>The newest version of each plan that is not archived, cheapest first.</summary>
    Task<IReadOnlyList<Plan>> OfProductAsync(DbSession session, Guid productId);

    /// <summary>The newest version, or null.</summary>
    Task<Plan?> FindAsync(DbSession session, Guid planId);

    /// <summary>Opens or closes the sale of all plans of a product: plans on sale are readable by everybody.</summary>
    Task SetOnSaleAsync(DbSession session, Guid productId, bool onSale);

    /// <summary>Number of live subscriptions of a product.</summary>
    Task<long> CountSubscribersAsync(DbSession session, Guid productId);
}

/// <summary>Joins in when what is on offer for a product changes, in the same transaction. The catalog keeps its prices by it.</summary>
public interface IPlanStep
{
    /// <param name="plans">The newest version of each plan that is not archived.</param>
    Task PlansChangedAsync(DbSession session, Product product, IReadOnlyList<Plan> plans);
}

/// <summary>Figures over all tenants; worker role.</summary>
public interface IPlanStatistics
{
    /// <summary>Live subscriptions of each product that has any.</summary>
    Task<IReadOnlyDictionary<Guid, long>> SubscribersAsync(DbSession session, string productKind);
}

public enum SubscriptionStatus
{
    Active,
    PastDue,
    Paused,
    Canceled,
}

/// <summary>stripe, app_store, google_play, manual, free.</summary>
public enum SubscriptionSource
{
    Free,
    Manual,
    Stripe,
    AppStore,
    GooglePlay,
}

/// <summary>
/// A subscriber (always an organization) on one version of a plan. <see cref="Plan"/> is the pinned version; periods and windows begin and end by <see cref="TimeZone"/>, which is the
/// organization's of when the running period began.
/// </summary>
public sealed record Subscription(
    Guid Id, Guid OrganizationId, Plan Plan, SubscriptionStatus Status, SubscriptionSource Source,
    DateTimeOffset StartedAt, DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd, string TimeZone, DateTimeOffset? CanceledAt, DateTimeOffset CreatedAt)
{
    /// <summary>The organization that subscribed is, by those who run the installation: whatever the status, nothing serves.</summary>
    public bool Suspended { get; init; }
}

/// <summary>Subscriptions. All run in the caller's transaction, under its row-level security; each write derives the entitlement snapshot in that transaction.</summary>
public interface ISubscriptions
{
    /// <summary>
    /// Subscribes an organization to the newest version of a plan on sale. ALREADY_SUBSCRIBED (409) when it has a live subscription to the plan;
    /// one that was canceled within the running period is taken up again, with its counters. PLAN_NOT_ON_SALE (409).
    /// </summary>
    Task<Outcome<Subscription>> SubscribeAsync(DbSession session, Guid organizationId, Guid planId);

    /// <summary>Ends it now. Canceling twice is no error.</summary>
    Task<Outcome<Subscription>> CancelAsync(DbSession session, Guid subscriptionId);

    Task<Subscription?> FindAsync(DbSession session, Guid subscriptionId);

    /// <summary>Newest first. Of one organization of the caller, or of all.</summary>
    Task<IReadOnlyList<Subscription>> ListAsync(DbSession session, IReadOnlyList<Guid> organizationIds, int limit, Guid? after);
}

/// <summary>
/// What a subscriber may use now: a snapshot derived from subscriptions and grants, and the only thing that authorization reads.
/// <see cref="ValidUntil"/> is when it ends by itself; <see cref="Active"/> false refuses with SUBSCRIPTION_INACTIVE.
/// </summary>
public sealed record Entitlement(
    Guid SubscriptionId, Guid OrganizationId, Product Product, Guid PlanId, int PlanVersion, bool Active,
    IReadOnlyList<Allowance> Allowances, DateTimeOffset Anchor, PriceInterval Interval, string TimeZone, DateTimeOffset? ValidUntil)
{
    /// <summary>Calls in flight at once; null for any number.</summary>
    public int? Concurrency { get; init; }

    /// <summary>What a period may cost beyond the plan's price, in minor units; null for any amount.</summary>
    public long? SpendCap { get; init; }
}

/// <summary>What a subscription's running period has cost beyond the plan's price, and the meters whose included amount is used up.</summary>
public sealed record Spending(Guid SubscriptionId, DateTimeOffset PeriodStart, long Amount, IReadOnlyList<string> UsedUp);

/// <summary>Rates what has been used up to now. Worker role.</summary>
public interface ISpending
{
    Task<IReadOnlyList<Spending>> OfAsync(DbSession session, Guid[] subscriptionIds);
}

/// <summary>Reads entitlement snapshots. Change topic: `entitlement`, with the subscription's id.</summary>
public interface IEntitlements
{
    const string Topic = "entitlement";

    /// <summary>All (null) or the named ones; runs under the worker role.</summary>
    Task<IReadOnlyList<Entitlement>> LoadAsync(DbSession session, Guid[]? subscriptionIds);

    /// <summary>The next ones in the order of subscriptions, from the first (null) or after the named one; fewer than asked for are the last. Worker role.</summary>
    Task<IReadOnlyList<Entitlement>> LoadPageAsync(DbSession session, Guid? after, int limit);
}
