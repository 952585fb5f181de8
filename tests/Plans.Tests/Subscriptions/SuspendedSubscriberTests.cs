using Npgsql;
using Tollgate.Foundation;
using Tollgate.Plans.Subscriptions;

namespace Tollgate.Plans.Tests.Subscriptions;

/// <summary>While an organization is suspended none of its subscriptions serves, however they are derived anew; lifted, each is what its status says.</summary>
public sealed class SuspendedSubscriberTests(PlansDatabase db) : IClassFixture<PlansDatabase>
{
    [Fact]
    public async Task Suspended_NothingServes_AndLifted_WhatWasNotCanceledServesAgain()
    {
        var consumer = db.NewId();
        var kept = (await db.SubscribeAsync(consumer, await db.PlanAsync(db.NewId()))).Value;
        var ended = (await db.SubscribeAsync(consumer, await db.PlanAsync(db.NewId()))).Value;
        var foreign = (await db.SubscribeAsync(db.NewId(), await db.PlanAsync(db.NewId()))).Value;

        await SetAsync(consumer, suspended: true);
        (await db.EntitlementAsync(kept.Id)).Active.ShouldBeFalse();
        (await db.EntitlementAsync(foreign.Id)).Active.ShouldBeTrue();
        (await db.CancelAsync(consumer, ended)).Succeeded.ShouldBeTrue("what costs money can be ended");
        await db.AsAsync(consumer, async session =>
        {
            await EntitlementStore.DeriveAsync(session, kept.Id, kept.PeriodEnd, db.Clock.GetUtcNow());
            return true;
        });
        (await db.EntitlementAsync(kept.Id)).Active.ShouldBeFalse("deriving it anew knows it too");

        await SetAsync(consumer, suspended: false);
        (await db.EntitlementAsync(kept.Id)).Active.ShouldBeTrue();
        (await db.EntitlementAsync(ended.Id)).Active.ShouldBeFalse();
    }

    [Fact]
    public async Task Suspended_SubscribesToNothing()
    {
        var consumer = db.NewId();
        db.Organizations.Suspended.TryAdd(consumer, true);
        var refused = await db.SubscribeAsync(consumer, await db.PlanAsync(db.NewId()));
        refused.Failure.ShouldNotBeNull().Code.ShouldBe("ORGANIZATION_SUSPENDED");
    }

    /// <summary>Whatever a transaction of the consumer's own would write, past all code.</summary>
    [Fact]
    public async Task Suspended_NoTransactionOfItsOwn_MakesASubscriptionServe()
    {
        var consumer = db.NewId();
        var plan = await db.PlanAsync(db.NewId());
        var kept = (await db.SubscribeAsync(consumer, plan)).Value;
        await RefusedAsync(consumer, $"UPDATE plans.subscription SET suspended = true WHERE id = '{kept.Id}'");
        await RefusedAsync(consumer, $"INSERT INTO plans.suspended_subscriber VALUES ('{consumer}')");
        await SetAsync(consumer, suspended: true);

        await RefusedAsync(consumer, $"UPDATE plans.subscription SET suspended = false WHERE id = '{kept.Id}'");
        await RefusedAsync(consumer, $"UPDATE plans.entitlement_snapshot SET active = true WHERE subscription_id = '{kept.Id}'");
        (await ExecuteAsync(consumer, "DELETE FROM plans.suspended_subscriber")).ShouldBe(0);
        await RefusedAsync(consumer, Another("false", kept.Id));
        // One that is suspended may be there, and serves no more than the others.
        (await ExecuteAsync(consumer, Another("true", kept.Id, "canceled"))).ShouldBe(1);
        (await db.EntitlementAsync(kept.Id)).Active.ShouldBeFalse();

        await SetAsync(consumer, suspended: false);
        (await db.EntitlementAsync(kept.Id)).Active.ShouldBeTrue();
        await RefusedAsync(consumer, Another("true", kept.Id, "canceled"));
    }

    /// <summary>One that has no subscription yet has no row that could tell.</summary>
    [Fact]
    public async Task SuspendedBeforeItsFirstSubscription_TheDatabaseRefusesOneToo()
    {
        var consumer = db.NewId();
        await SetAsync(consumer, suspended: true);
        var refused = await Should.ThrowAsync<PostgresException>(async () => await db.SubscribeAsync(consumer, await db.PlanAsync(db.NewId())));
        refused.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    private static string Another(string suspended, Guid like, string status = "active") => $"""
        INSERT INTO plans.subscription (id, organization_id, provider_organization_id, product_kind, product_id, plan_id, plan_version, status, source,
                                        started_at, anchor, time_zone, canceled_at, created_at, updated_at, suspended)
        SELECT gen_random_uuid(), organization_id, provider_organization_id, product_kind, product_id, plan_id, plan_version, '{status}', source,
               started_at, anchor, time_zone, CASE WHEN '{status}' = 'canceled' THEN now() END, created_at, updated_at, {suspended}
        FROM plans.subscription WHERE id = '{like}'
        """;

    private Task<int> ExecuteAsync(Guid organization, string sql) => db.AsAsync(organization, session => session.ExecuteAsync(sql));

    private async Task RefusedAsync(Guid organization, string sql) =>
        (await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(organization, sql))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);

    private Task<bool> SetAsync(Guid organization, bool suspended) => db.Database.AsAppAsync(TenantContext.ForOrganization(organization) with { IsOperator = true }, async session =>
    {
        await new SuspendedSubscriber(db.Clock).SuspendedAsync(session, organization, suspended);
        return true;
    }, TestContext.Current.CancellationToken);
}
