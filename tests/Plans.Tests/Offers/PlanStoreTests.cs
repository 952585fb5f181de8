using Tollgate.Foundation;

namespace Tollgate.Plans.Tests.Offers;

public sealed class PlanStoreTests(PlansDatabase db) : IClassFixture<PlansDatabase>
{
    private static readonly Allowance Minute = new("requests", 100, Window.Minute, PastAllowance.Deny, null);
    private static readonly Allowance Month = new("requests", 10_000, Window.Month, PastAllowance.Charge, 0.000000000001m);

    [Fact]
    public async Task Create_Draft_IsStoredAsWritten()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider, PlansDatabase.Draft("Gold", 4900, "kwd", PriceInterval.Year, Minute, Month), onSale: false);

        plan.Version.ShouldBe(1);
        plan.Name.ShouldBe("Gold");
        plan.Price.ShouldBe(new Price(4900, "kwd", PriceInterval.Year));
        plan.Allowances.ShouldBe([Minute, Month]);
        plan.OnSale.ShouldBeFalse();
        plan.Product.ProviderOrganizationId.ShouldBe(provider);
    }

    [Fact]
    public async Task Create_NameOfALivePlan_IsConflictUntilThatIsArchived()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider);

        (await CreateAsync(provider, plan.Product, "PRO")).Failure.ShouldNotBeNull().Code.ShouldBe("PLAN_NAME_TAKEN");
        (await db.AsAsync(provider, s => db.Plans.ArchiveAsync(s, plan.Id))).Value.Archived.ShouldBeTrue();
        (await CreateAsync(provider, plan.Product, "PRO")).Value.OnSale.ShouldBeTrue("the product is on sale");
    }

    [Fact]
    public async Task Revise_ExpectedVersion_AddsAVersionAndKeepsTheId()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider);

        var revised = (await ReviseAsync(provider, plan, 1, PlansDatabase.Draft("Pro 2", 2900))).Value;

        (revised.Id, revised.Version, revised.Name, revised.Price.Amount, revised.OnSale).ShouldBe((plan.Id, 2, "Pro 2", 2900L, true));
    }

    [Fact]
    public async Task Revise_OldVersion_IsPreconditionFailed()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider);
        await ReviseAsync(provider, plan, 1, PlansDatabase.Draft());

        (await ReviseAsync(provider, plan, 1, PlansDatabase.Draft())).Failure.ShouldNotBeNull().Kind.ShouldBe(FailureKind.PreconditionFailed);
    }

    [Fact]
    public async Task Revise_TwentyAtOnce_OneWins()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => ReviseAsync(provider, plan, 1, PlansDatabase.Draft($"Pro {i}"))));

        outcomes.Count(o => o.Succeeded).ShouldBe(1);
        outcomes.Where(o => !o.Succeeded).ShouldAllBe(o => o.Failure!.Code == "PRECONDITION_FAILED");
    }

    [Fact]
    public async Task Revise_NameOfAnotherPlan_IsConflict()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider);
        await CreateAsync(provider, plan.Product, "Other");

        (await ReviseAsync(provider, plan, 1, PlansDatabase.Draft("other"))).Failure.ShouldNotBeNull().Code.ShouldBe("PLAN_NAME_TAKEN");
    }

    [Fact]
    public async Task ReviseAndArchive_AnotherProvidersPlanOnSale_AreNotFound()
    {
        var plan = await db.PlanAsync(db.NewId());
        var stranger = db.NewId();

        (await ReviseAsync(stranger, plan, 1, PlansDatabase.Draft())).Failure.ShouldNotBeNull().Kind.ShouldBe(FailureKind.NotFound);
        (await db.AsAsync(stranger, s => db.Plans.ArchiveAsync(s, plan.Id))).Failure.ShouldNotBeNull().Kind.ShouldBe(FailureKind.NotFound);
    }

    [Fact]
    public async Task OfProduct_SeveralPlans_CheapestFirstByMonth()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider, PlansDatabase.Draft("Monthly", 1900));
        await db.AsAsync(provider, s => db.Plans.CreateAsync(s, plan.Product, PlansDatabase.Draft("Yearly", 12_000, interval: PriceInterval.Year)));
        await db.AsAsync(provider, s => db.Plans.CreateAsync(s, plan.Product, PlansDatabase.Draft("Free", 0)));
        var gone = (await CreateAsync(provider, plan.Product, "Gone")).Value;
        await db.AsAsync(provider, s => db.Plans.ArchiveAsync(s, gone.Id));

        (await db.AsNobodyAsync(s => db.Plans.OfProductAsync(s, plan.Product.Id))).Select(p => p.Name).ShouldBe(["Free", "Yearly", "Monthly"]);
    }

    [Fact]
    public async Task Find_NotOnSale_IsSeenByItsProviderOnly()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider, onSale: false);

        (await db.AsAsync(provider, s => db.Plans.FindAsync(s, plan.Id))).ShouldNotBeNull();
        (await db.AsAsync(db.NewId(), s => db.Plans.FindAsync(s, plan.Id))).ShouldBeNull();
        (await db.AsNobodyAsync(s => db.Plans.FindAsync(s, plan.Id))).ShouldBeNull();
    }

    private Task<Outcome<Plan>> CreateAsync(Guid provider, Product product, string name) =>
        db.AsAsync(provider, s => db.Plans.CreateAsync(s, product, PlansDatabase.Draft(name)));

    private Task<Outcome<Plan>> ReviseAsync(Guid organization, Plan plan, int expected, PlanDraft draft) =>
        db.AsAsync(organization, s => db.Plans.ReviseAsync(s, plan.Id, expected, draft));
}
