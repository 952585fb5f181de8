using Tollgate.Foundation;

namespace Tollgate.Plans.Tests.Offers;

public sealed class DeclaredMeterTests(PlansDatabase db) : IClassFixture<PlansDatabase>
{
    private static Allowance Of(string meter, Window window = Window.Month, PastAllowance past = PastAllowance.Deny) => new(meter, 100, window, past, past == PastAllowance.Charge ? 0.5m : null);

    [Fact]
    public async Task Plan_WithADeclaredMeter_KeepsItsCodeIntoTheEntitlement()
    {
        var (provider, consumer) = (db.NewId(), db.NewId());
        db.Meters.Declare(provider, 131, "x.acme.pages");
        var plan = await db.PlanAsync(provider, PlansDatabase.Draft(allowances: [Of("x.acme.pages"), Of("requests"), Of("x.acme.pages", Window.BillingPeriod, PastAllowance.Charge)]));
        plan.Allowances.Select(allowance => allowance.MeterCode).ShouldBe([131, 1, 131]);
        var subscription = (await db.SubscribeAsync(consumer, plan)).Value;
        var entitlement = await db.EntitlementAsync(subscription.Id);
        entitlement.Allowances.Select(allowance => (allowance.Meter, allowance.MeterCode)).ShouldBe([("x.acme.pages", (byte)131), ("requests", (byte)1), ("x.acme.pages", (byte)131)]);
    }

    [Fact]
    public async Task Plan_WithAMeterOfAnother_OrArchived_IsRefusedAtItsPlace()
    {
        var provider = db.NewId();
        db.Meters.Declare(db.NewId(), 128, "x.other.pages");
        db.Meters.Declare(provider, 128, "x.acme.old", archived: true);
        var product = new Product("api", db.NewId(), provider);
        var made = await db.AsAsync(provider, session => db.Plans.CreateAsync(session, product, PlansDatabase.Draft(allowances: [Of("requests"), Of("x.other.pages"), Of("x.acme.old")])));
        made.Failure!.Errors!.Select(error => (error.Path, error.Code)).ShouldBe([("allowances[1].meter", "UNKNOWN_METER"), ("allowances[2].meter", "UNKNOWN_METER")]);

        db.Meters.Declare(provider, 129, "x.acme.pages");
        var plan = await db.PlanAsync(provider, PlansDatabase.Draft(allowances: [Of("x.acme.pages")]));
        var revised = await db.AsAsync(provider, session => db.Plans.ReviseAsync(session, plan.Id, new ExpectedVersion([1]), PlansDatabase.Draft(allowances: [Of("x.acme.old")])));
        revised.Failure!.Errors!.ShouldHaveSingleItem().Message.ShouldContain("archived");
    }

    [Theory]
    [InlineData("second")]
    [InlineData("minute")]
    public void PlanRequest_ADeclaredMeterByAShortWindow_IsRefused(string window)
    {
        var errors = new Errors();
        new PlanRequest
        {
            Name = "Pro",
            Price = new PriceBody(0, "usd", "month"),
            Allowances = [new AllowanceBody("x.acme.pages", 10, window, "deny", null)],
        }.Validate(errors);
        errors.Items.ShouldHaveSingleItem().Code.ShouldBe("REPORTED_WINDOW");
    }
}
