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

    private Task<bool> SetAsync(Guid organization, bool suspended) => db.AsAsync(organization, async session =>
    {
        await new SuspendedSubscriber(db.Clock).SuspendedAsync(session, organization, suspended);
        return true;
    });
}
