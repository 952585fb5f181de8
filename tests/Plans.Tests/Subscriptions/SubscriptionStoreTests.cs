using Tollgate.Foundation;

namespace Tollgate.Plans.Tests.Subscriptions;

public sealed class SubscriptionStoreTests(PlansDatabase db) : IClassFixture<PlansDatabase>
{
    private static readonly Allowance Hundred = new("requests", 100, Window.Month, PastAllowance.Deny, null);
    private static readonly Allowance Fifty = new("requests", 50, Window.Month, PastAllowance.Deny, null);

    [Fact]
    public async Task Subscribe_PricedPlan_IsActiveAtOnceWithAnEntitlement()
    {
        var consumer = db.NewId();
        db.Organizations.TimeZones[consumer] = "Europe/Berlin";
        var plan = await db.PlanAsync(db.NewId(), PlansDatabase.Draft(allowances: Hundred));

        var subscription = (await db.SubscribeAsync(consumer, plan)).Value;

        subscription.Status.ShouldBe(SubscriptionStatus.Active);
        subscription.Source.ShouldBe(SubscriptionSource.Manual);
        subscription.StartedAt.Ticks.ShouldBe(db.Clock.GetUtcNow().Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond);
        subscription.PeriodStart.ShouldBe(subscription.StartedAt);
        var entitlement = await db.EntitlementAsync(subscription.Id);
        entitlement.ShouldSatisfyAllConditions(
            () => entitlement.Active.ShouldBeTrue(),
            () => entitlement.OrganizationId.ShouldBe(consumer),
            () => entitlement.Product.ShouldBe(plan.Product),
            () => entitlement.Allowances.ShouldBe([Hundred]),
            () => entitlement.Anchor.ShouldBe(subscription.StartedAt),
            () => entitlement.TimeZone.ShouldBe("Europe/Berlin"),
            () => entitlement.ValidUntil.ShouldBeNull());
    }

    [Fact]
    public async Task Subscribe_PlanWithoutAPrice_IsFree()
    {
        var plan = await db.PlanAsync(db.NewId(), PlansDatabase.Draft(amount: 0));
        (await db.SubscribeAsync(db.NewId(), plan)).Value.Source.ShouldBe(SubscriptionSource.Free);
    }

    [Fact]
    public async Task Subscribe_TwentyAtOnce_OneSubscriptionAndNineteenConflicts()
    {
        var consumer = db.NewId();
        var plan = await db.PlanAsync(db.NewId());

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => db.SubscribeAsync(consumer, plan)));

        outcomes.Count(o => o.Succeeded).ShouldBe(1);
        outcomes.Where(o => !o.Succeeded).ShouldAllBe(o => o.Failure!.Code == "ALREADY_SUBSCRIBED");
        (await db.AsAsync(consumer, s => db.Subscriptions.ListAsync(s, [consumer], 50, null))).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Subscribe_AgainTwentyAtOnceAfterCancel_OneComesBack()
    {
        var consumer = db.NewId();
        var plan = await db.PlanAsync(db.NewId());
        var first = (await db.SubscribeAsync(consumer, plan)).Value;
        await db.CancelAsync(consumer, first);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => db.SubscribeAsync(consumer, plan)));

        outcomes.Single(o => o.Succeeded).Value.Id.ShouldBe(first.Id);
        outcomes.Where(o => !o.Succeeded).ShouldAllBe(o => o.Failure!.Code == "ALREADY_SUBSCRIBED");
    }

    [Fact]
    public async Task Subscribe_NotOnSale_IsRefused()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider, onSale: false);

        (await db.SubscribeAsync(provider, plan)).Failure.ShouldNotBeNull().Code.ShouldBe("PLAN_NOT_ON_SALE");
        (await db.SubscribeAsync(db.NewId(), plan)).Failure.ShouldNotBeNull().Kind.ShouldBe(FailureKind.NotFound);
    }

    [Fact]
    public async Task Subscribe_ArchivedPlan_IsRefusedToItsFormerSubscriber()
    {
        var provider = db.NewId();
        var consumer = db.NewId();
        var plan = await db.PlanAsync(provider);
        await db.CancelAsync(consumer, (await db.SubscribeAsync(consumer, plan)).Value);
        await db.AsAsync(provider, s => db.Plans.ArchiveAsync(s, plan.Id));

        (await db.SubscribeAsync(consumer, plan)).Failure.ShouldNotBeNull().Code.ShouldBe("PLAN_NOT_ON_SALE");
    }

    [Fact]
    public async Task Revise_WithSubscribers_NeverChangesTheirPlan()
    {
        var provider = db.NewId();
        var consumer = db.NewId();
        var plan = await db.PlanAsync(provider, PlansDatabase.Draft(allowances: Hundred));
        var subscription = (await db.SubscribeAsync(consumer, plan)).Value;

        await db.AsAsync(provider, s => db.Plans.ReviseAsync(s, plan.Id, 1, PlansDatabase.Draft("Pro", 9900, allowances: Fifty)));
        await db.AsAsync(provider, async s =>
        {
            await db.Plans.SetOnSaleAsync(s, plan.Product.Id, false);
            return true;
        });

        var pinned = (await db.AsAsync(consumer, s => db.Subscriptions.FindAsync(s, subscription.Id))).ShouldNotBeNull().Plan;
        (pinned.Version, pinned.Price.Amount).ShouldBe((1, 1900L));
        pinned.Allowances.ShouldBe([Hundred]);
        (await db.EntitlementAsync(subscription.Id)).Allowances.ShouldBe([Hundred]);
        var newcomer = db.NewId();
        await db.AsAsync(provider, async s =>
        {
            await db.Plans.SetOnSaleAsync(s, plan.Product.Id, true);
            return true;
        });
        (await db.SubscribeAsync(newcomer, plan)).Value.Plan.Version.ShouldBe(2);
    }

    [Fact]
    public async Task Cancel_Live_EndsTheEntitlementAndTwiceIsNoError()
    {
        var consumer = db.NewId();
        var subscription = (await db.SubscribeAsync(consumer, await db.PlanAsync(db.NewId()))).Value;

        var canceled = (await db.CancelAsync(consumer, subscription)).Value;
        var again = (await db.CancelAsync(consumer, subscription)).Value;

        canceled.Status.ShouldBe(SubscriptionStatus.Canceled);
        again.CanceledAt.ShouldBe(canceled.CanceledAt);
        (await db.EntitlementAsync(subscription.Id)).Active.ShouldBeFalse();
    }

    [Fact]
    public async Task Cancel_ByTheProviderOrAStranger_IsNotFound()
    {
        var provider = db.NewId();
        var subscription = (await db.SubscribeAsync(db.NewId(), await db.PlanAsync(provider))).Value;

        (await db.CancelAsync(provider, subscription)).Failure.ShouldNotBeNull().Kind.ShouldBe(FailureKind.NotFound);
        (await db.CancelAsync(db.NewId(), subscription)).Failure.ShouldNotBeNull().Kind.ShouldBe(FailureKind.NotFound);
        (await db.EntitlementAsync(subscription.Id)).Active.ShouldBeTrue();
    }

    [Fact]
    public async Task Subscribe_AgainWithinThePeriod_ResumesOnTheNewestVersion()
    {
        var provider = db.NewId();
        var consumer = db.NewId();
        var plan = await db.PlanAsync(provider, PlansDatabase.Draft(allowances: Hundred));
        var first = (await db.SubscribeAsync(consumer, plan)).Value;
        await db.CancelAsync(consumer, first);
        await db.AsAsync(provider, s => db.Plans.ReviseAsync(s, plan.Id, 1, PlansDatabase.Draft("Pro", 0, allowances: Fifty)));

        var back = (await db.SubscribeAsync(consumer, plan)).Value;

        back.Id.ShouldBe(first.Id);
        back.PeriodStart.ShouldBe(first.PeriodStart);
        back.CanceledAt.ShouldBeNull();
        (back.Plan.Version, back.Source).ShouldBe((2, SubscriptionSource.Free));
        var entitlement = await db.EntitlementAsync(first.Id);
        (entitlement.Active, entitlement.PlanVersion).ShouldBe((true, 2));
        entitlement.Allowances.ShouldBe([Fifty]);
    }

    [Fact]
    public async Task Subscribe_AgainOnNewerVersions_WhatWasUsedBeforeKeepsItsVersion()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider);
        var other = new Other(db, plan);
        var subscription = (await other.SubscribeAsync()).Value;
        var (started, second, third) = (subscription.StartedAt, subscription.StartedAt.AddHours(2), subscription.StartedAt.AddHours(4));
        other.At(second);
        await db.CancelAsync(other.Consumer, subscription);
        await db.AsAsync(provider, s => db.Plans.ReviseAsync(s, plan.Id, 1, PlansDatabase.Draft(amount: 2900)));
        (await other.SubscribeAsync()).Value.Plan.Version.ShouldBe(2);
        other.At(third);
        await db.CancelAsync(other.Consumer, subscription);
        (await other.SubscribeAsync()).Value.Plan.Version.ShouldBe(2);
        await db.CancelAsync(other.Consumer, subscription);
        await db.AsAsync(provider, s => db.Plans.ReviseAsync(s, plan.Id, 2, PlansDatabase.Draft(amount: 3900)));
        (await other.SubscribeAsync()).Value.Id.ShouldBe(subscription.Id);

        var subject = (await db.AsAsync(provider, s => new Plans.Subscriptions.ReportSubjects().FindAsync(s, [subscription.Id]))).ShouldHaveSingleItem();
        new[] { started, second.AddSeconds(-1), second, third.AddSeconds(-1), third, third.AddDays(1) }.Select(subject.PlanVersionAt).ShouldBe([1, 1, 2, 2, 3, 3]);
        (await db.AsAsync(db.NewId(), s => s.QuerySingleAsync<long>("SELECT count(*) FROM plans.version_change"))).ShouldBe(0);
    }

    [Fact]
    public async Task Subscribe_AgainInALaterPeriod_IsANewSubscription()
    {
        var other = new Other(db);
        var first = (await other.SubscribeAsync()).Value;
        await db.CancelAsync(other.Consumer, first);
        other.At(first.PeriodEnd);

        var back = (await other.SubscribeAsync()).Value;

        back.Id.ShouldNotBe(first.Id);
        back.StartedAt.ShouldBe(first.PeriodEnd);
    }

    [Fact]
    public async Task Subscribe_AgainAfterTheIntervalChanged_IsANewSubscription()
    {
        var provider = db.NewId();
        var consumer = db.NewId();
        var plan = await db.PlanAsync(provider);
        var first = (await db.SubscribeAsync(consumer, plan)).Value;
        await db.CancelAsync(consumer, first);
        await db.AsAsync(provider, s => db.Plans.ReviseAsync(s, plan.Id, 1, PlansDatabase.Draft(interval: PriceInterval.Year)));

        (await db.SubscribeAsync(consumer, plan)).Value.Id.ShouldNotBe(first.Id);
    }

    [Fact]
    public async Task List_Pages_NewestFirstOfTheOrganizationOnly()
    {
        var consumer = db.NewId();
        var provider = db.NewId();
        var ids = new List<Guid>();
        for (var i = 0; i < 3; i++)
            ids.Add((await db.SubscribeAsync(consumer, await db.PlanAsync(provider))).Value.Id);
        ids = [.. ids.OrderByDescending(id => id.ToString(), StringComparer.Ordinal)];

        var first = await db.AsAsync(consumer, s => db.Subscriptions.ListAsync(s, [consumer], 2, null));
        var rest = await db.AsAsync(consumer, s => db.Subscriptions.ListAsync(s, [consumer], 2, first[^1].Id));

        first.Concat(rest).Select(s => s.Id).ShouldBe(ids);
        (await db.AsAsync(provider, s => db.Subscriptions.ListAsync(s, [provider], 50, null))).ShouldBeEmpty("its own, not those to it");
        (await db.AsAsync(db.NewId(), s => db.Subscriptions.ListAsync(s, [consumer], 50, null))).ShouldBeEmpty();
    }

    [Fact]
    public async Task CountSubscribers_ByProviderAndWorker_CountsTheLive()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider);
        var consumers = new[] { db.NewId(), db.NewId(), db.NewId() };
        foreach (var consumer in consumers)
            await db.SubscribeAsync(consumer, plan);
        await db.CancelAsync(consumers[0], (await db.AsAsync(consumers[0], s => db.Subscriptions.ListAsync(s, [consumers[0]], 1, null)))[0]);

        (await db.AsAsync(provider, s => db.Plans.CountSubscribersAsync(s, plan.Product.Id))).ShouldBe(2);
        (await db.AsWorkerAsync(s => db.Plans.CountSubscribersAsync(s, plan.Product.Id))).ShouldBe(2);
    }

    /// <summary>The same database at another time, without moving the clock of the tests beside.</summary>
    private sealed class Other
    {
        private readonly PlansDatabase _db;
        private readonly TestKit.ManualClock _clock;
        private Plan? _plan;

        public Other(PlansDatabase db, Plan? plan = null)
        {
            _db = db;
            _clock = new TestKit.ManualClock(db.Clock.GetUtcNow());
            Consumer = db.NewId();
            _plan = plan;
        }

        public Guid Consumer { get; }

        public void At(DateTimeOffset time) => _clock.Advance(time - _clock.GetUtcNow());

        public async Task<Outcome<Subscription>> SubscribeAsync()
        {
            _plan ??= await _db.PlanAsync(_db.NewId());
            var store = new Plans.Subscriptions.SubscriptionStore(_db.Plans, _db.Organizations, _clock);
            return await _db.AsAsync(Consumer, s => store.SubscribeAsync(s, Consumer, _plan.Id));
        }
    }
}
