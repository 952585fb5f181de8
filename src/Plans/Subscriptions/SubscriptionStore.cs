using Npgsql;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans.Subscriptions;

internal sealed class SubscriptionStore(IPlans plans, IOrganizations organizations, TimeProvider clock) : ISubscriptions
{
    public async Task<Outcome<Subscription>> SubscribeAsync(DbSession session, Guid organizationId, Guid planId)
    {
        ArgumentNullException.ThrowIfNull(session);
        // First: whoever suspends or removes the organization has done so, or waits and finds this subscription.
        if (await organizations.HoldAsync(session, organizationId).ConfigureAwait(false) is not { } organization)
            return Failure.NotFound("organization");
        var plan = await plans.FindAsync(session, planId).ConfigureAwait(false);
        if (plan is null)
            return Failure.NotFound("plan");
        await SaleLock.SharedAsync(session, plan.Product.Id).ConfigureAwait(false);
        // Read again under the lock: the sale may have been closed, or the plan revised, while we waited for it.
        plan = await plans.FindAsync(session, planId).ConfigureAwait(false);
        if (plan is not { OnSale: true })
            return Failure.Conflict("PLAN_NOT_ON_SALE", "This plan is not on sale.");
        if (organization.Suspended)
            return SuspendedOrganization.Refusal;
        try
        {
            return await ResumeAsync(session, organizationId, plan).ConfigureAwait(false)
                ?? await StartAsync(session, organization, plan).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return AlreadySubscribed();
        }
    }

    public async Task<Outcome<Subscription>> CancelAsync(DbSession session, Guid subscriptionId)
    {
        ArgumentNullException.ThrowIfNull(session);
        // The provider sees the subscription but does not own it: to its cancellation it is not there.
        var row = await session.QuerySingleOrDefaultAsync<SubscriptionRow>(
            $"{SubscriptionRow.Select} WHERE s.id = @subscriptionId AND s.organization_id = ANY (foundation.current_organizations())", new { subscriptionId }).ConfigureAwait(false);
        if (row is null)
            return Failure.NotFound("subscription");
        var now = clock.GetUtcNow();
        await session.ExecuteAsync("""
            UPDATE plans.subscription SET status = 'canceled', canceled_at = @now, updated_at = @now WHERE id = @subscriptionId AND status <> 'canceled'
            """, new { subscriptionId, now }).ConfigureAwait(false);
        await EntitlementStore.DeriveAsync(session, subscriptionId, row.Period(now).End, now).ConfigureAwait(false);
        return (await FindAsync(session, subscriptionId).ConfigureAwait(false))!;
    }

    public async Task<Subscription?> FindAsync(DbSession session, Guid subscriptionId)
    {
        ArgumentNullException.ThrowIfNull(session);
        var row = await session.QuerySingleOrDefaultAsync<SubscriptionRow>($"{SubscriptionRow.Select} WHERE s.id = @subscriptionId", new { subscriptionId }).ConfigureAwait(false);
        return row?.ToSubscription(clock.GetUtcNow());
    }

    public async Task<IReadOnlyList<Subscription>> ListAsync(DbSession session, IReadOnlyList<Guid> organizationIds, int limit, Guid? after)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(organizationIds);
        var rows = await session.QueryAsync<SubscriptionRow>($"""
            {SubscriptionRow.Select}
            WHERE s.organization_id = ANY (@organizationIds) AND (@after::uuid IS NULL OR s.id < @after::uuid)
            ORDER BY s.id DESC LIMIT @limit
            """, new { organizationIds = organizationIds.ToArray(), limit, after }).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        return [.. rows.Select(r => r.ToSubscription(now))];
    }

    /// <summary>
    /// Takes up the subscription that was canceled in the period that still runs, so that nobody renews an allowance by leaving and coming back. A plan
    /// that meanwhile has another currency or interval has other periods: that is a new subscription.
    /// </summary>
    private async Task<Outcome<Subscription>?> ResumeAsync(DbSession session, Guid organizationId, Plan plan)
    {
        var rows = await session.QueryAsync<SubscriptionRow>($"""
            {SubscriptionRow.Select}
            WHERE s.organization_id = @organizationId AND s.plan_id = @planId
            ORDER BY s.id DESC LIMIT 1
            """, new { organizationId, planId = plan.Id }).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        if (rows is [{ CanceledAt: null }])
            return AlreadySubscribed();
        if (rows is not [{ CanceledAt: { } canceledAt } last] || last.Interval != plan.Price.Interval || last.PriceCurrency != plan.Price.Currency
            || last.Period(canceledAt).Start != last.Period(now).Start)
            return null;
        var resumed = await session.ExecuteAsync("""
            UPDATE plans.subscription SET status = 'active', source = @source, plan_version = @version, canceled_at = NULL, updated_at = @now
            WHERE id = @id AND status = 'canceled'
            """, new { id = last.Id, source = SourceOf(plan), version = plan.Version, now }).ConfigureAwait(false);
        if (resumed == 0)
            return AlreadySubscribed();
        if (last.Version != plan.Version)
            await VersionChanges.AddAsync(session, last, now).ConfigureAwait(false);
        await EntitlementStore.DeriveAsync(session, last.Id, last.Period(now).End, now).ConfigureAwait(false);
        return (await FindAsync(session, last.Id).ConfigureAwait(false))!;
    }

    private async Task<Outcome<Subscription>> StartAsync(DbSession session, Organization organization, Plan plan)
    {
        var id = TypeId.New(clock);
        var now = clock.GetUtcNow();
        // Usage events carry the period's start in whole seconds, so periods start at one.
        var start = new DateTimeOffset(now.UtcTicks - now.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);
        var inserted = await session.ExecuteAsync("""
            INSERT INTO plans.subscription (id, organization_id, provider_organization_id, product_kind, product_id, plan_id, plan_version, status, source,
                                            started_at, anchor, time_zone, created_at, updated_at)
            VALUES (@id, @organizationId, @provider, @kind, @product, @planId, @version, 'active', @source, @start, @start, @timeZone, @now, @now)
            ON CONFLICT (organization_id, plan_id) WHERE status <> 'canceled' DO NOTHING
            """, new
        {
            id,
            organizationId = organization.Id,
            provider = plan.Product.ProviderOrganizationId,
            kind = plan.Product.Kind,
            product = plan.Product.Id,
            planId = plan.Id,
            version = plan.Version,
            source = SourceOf(plan),
            start,
            timeZone = organization.TimeZone,
            now,
        }).ConfigureAwait(false);
        if (inserted == 0)
            return AlreadySubscribed();
        var period = Calendar.Period(start, plan.Price.Interval, Zones.Find(organization.TimeZone), now);
        await EntitlementStore.DeriveAsync(session, id, period.End, now).ConfigureAwait(false);
        return (await FindAsync(session, id).ConfigureAwait(false))!;
    }

    // Priced plans are active at once until a payment provider is configured.
    private static string SourceOf(Plan plan) => SubscriptionText.Of(plan.Price.Amount == 0 ? SubscriptionSource.Free : SubscriptionSource.Manual);

    private static Failure AlreadySubscribed() => Failure.Conflict("ALREADY_SUBSCRIBED", "This organization already has a live subscription to this plan.");
}
