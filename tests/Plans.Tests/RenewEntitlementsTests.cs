using Tollgate.TestKit;

namespace Tollgate.Plans.Tests;

public sealed class RenewEntitlementsTests(PlansDatabase db) : IClassFixture<PlansDatabase>
{
    [Fact]
    public async Task Run_ZoneChangedWithinThePeriod_TakesEffectWithTheNext()
    {
        var consumer = db.NewId();
        var subscription = (await db.SubscribeAsync(consumer, await db.PlanAsync(db.NewId()))).Value;
        db.Organizations.TimeZones[consumer] = "Asia/Kathmandu";

        await RunAsync(subscription.PeriodEnd.AddSeconds(-1));
        (await db.EntitlementAsync(subscription.Id)).TimeZone.ShouldBe("UTC");
        await RunAsync(subscription.PeriodEnd);
        (await db.EntitlementAsync(subscription.Id)).TimeZone.ShouldBe("Asia/Kathmandu");
    }

    [Fact]
    public async Task Run_NewZoneHasOtherPeriods_TheRunningPeriodKeepsItsStart()
    {
        // In New York summer time ends within the period: the same local hour is another instant.
        var consumer = db.NewId();
        db.Organizations.TimeZones[consumer] = "UTC";
        var subscription = (await db.SubscribeAsync(consumer, await db.PlanAsync(db.NewId()))).Value;
        db.Organizations.TimeZones[consumer] = "America/New_York";
        var summer = new DateTimeOffset(2027, 4, 3, 10, 20, 30, TimeSpan.Zero);

        await RunAsync(summer.AddMinutes(5));

        var entitlement = await db.EntitlementAsync(subscription.Id);
        entitlement.TimeZone.ShouldBe("America/New_York");
        entitlement.Anchor.ShouldBe(summer);
        (await db.AsAsync(consumer, s => db.Subscriptions.FindAsync(s, subscription.Id))).ShouldNotBeNull().StartedAt.ShouldBe(subscription.StartedAt);
    }

    private Task RunAsync(DateTimeOffset at) => new RenewEntitlements(db.Database, db.Organizations, new ManualClock(at)).RunAsync(TestContext.Current.CancellationToken);
}
