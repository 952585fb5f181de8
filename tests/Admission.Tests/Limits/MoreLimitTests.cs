using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Limits;

public sealed class MoreLimitTests
{
    [Fact]
    public void Admit_AsManyInFlightAsThePlanAllows_ThenRefusesUntilOneEnds()
    {
        var node = new Node(Node.Deny(100, Window.Minute));
        node.Apply(node.Entitlement with { Concurrency = 2 });
        var first = node.Call();
        node.Call().Admitted.ShouldBeTrue();
        var refused = node.Call();
        (refused.Verdict, refused.Reason, refused.RetryAfterSeconds).ShouldBe((AdmissionVerdict.RateLimited, RefusalReason.Concurrency, 1));
        refused.Limits[refused.Tightest].Remaining.ShouldBe(98);
        // A refused call was never in flight.
        node.Admission.Release(refused);
        node.Call().Admitted.ShouldBeFalse();
        node.Admission.Release(first);
        node.Call().Admitted.ShouldBeTrue();
    }

    [Fact]
    public void Admit_ManyAtOnce_NeverMoreInFlightThanThePlanAllows()
    {
        var node = new Node();
        node.Apply(node.Entitlement with { Concurrency = 7 });
        node.Together(threads: 20, callsEach: 10).ShouldBe(7);
    }

    [Fact]
    public void Admit_RefusedByAnAllowance_IsNotInFlight()
    {
        var node = new Node(Node.Deny(1, Window.Minute));
        node.Apply(node.Entitlement with { Concurrency = 5 });
        for (var call = 0; call < 20; call++)
            node.Call();
        node.State.Subscribers.Find(node.Entitlement.SubscriptionId)!.Value.InFlight.ShouldBe(1);
    }

    [Fact]
    public void Admit_SeveralNodes_ShareWhatIsInFlight()
    {
        var node = new Node();
        node.Apply(node.Entitlement with { Concurrency = 7 });
        node.State.LiveNodes = 3;
        node.Together(threads: 10, callsEach: 2).ShouldBe(2);
    }

    [Fact]
    public void Admit_PastTheLimitOverAllConsumers_IsRefusedAndCostsTheConsumerNothing()
    {
        var node = new Node(Node.Deny(100, Window.Minute));
        node.LimitProduct(Node.Deny(3, Window.Second), Node.Deny(50, Window.Hour));
        var taken = Enumerable.Range(0, 3).Select(_ => node.Call()).ToList();
        taken.ShouldAllBe(decision => decision.Admitted);
        var refused = node.Call();
        (refused.Verdict, refused.Reason).ShouldBe((AdmissionVerdict.RateLimited, RefusalReason.Rate));
        refused.Limits[refused.Tightest].ShouldBe(new LimitState(Window.Second, Meter.Requests.Code, false, 3, 0, 1, 1, OfProduct: true));
        node.Admission.GiveBack(taken[0]);
        var again = node.Call();
        again.Admitted.ShouldBeTrue();
        again.Limits[0].Remaining.ShouldBe(97);
        node.Call().Admitted.ShouldBeFalse();
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        node.Call().Admitted.ShouldBeTrue();
    }

    [Fact]
    public void Admit_ManyCallsAtOnce_AdmitExactlyTheLimitOverAll()
    {
        var node = new Node(Node.Deny(1_000, Window.Minute));
        node.LimitProduct(Node.Deny(150, Window.Minute));
        node.Together(threads: 20, callsEach: 20).ShouldBe(150);
    }

    [Fact]
    public void Admit_SpentUpInThisPeriod_IsRefusedForTheMetersThatCost()
    {
        var node = new Node(new Allowance("requests", 5, Window.BillingPeriod, PastAllowance.Charge, 0.5m));
        var period = node.Call().PeriodStartSeconds;
        node.State.Subscribers.Find(node.Entitlement.SubscriptionId)!.Value.SetSpentUp(new(period, 1u << Meter.Requests.Code));
        var refused = node.Call();
        (refused.Verdict, refused.Reason).ShouldBe((AdmissionVerdict.RateLimited, RefusalReason.SpendCap));
        refused.RetryAfterSeconds.ShouldBeGreaterThan(3600);
        node.Call((Meter.Actions, 1)).Admitted.ShouldBeTrue();
        // The next period begins with nothing spent.
        node.Clock.Advance(TimeSpan.FromDays(32));
        node.Call().Admitted.ShouldBeTrue();
    }

    [Theory]
    [InlineData(Window.Second)]
    [InlineData(Window.Minute)]
    [InlineData(Window.Hour)]
    [InlineData(Window.Day)]
    [InlineData(Window.Week)]
    [InlineData(Window.Month)]
    [InlineData(Window.BillingPeriod)]
    public void Admit_WindowUsedUp_BeginsAnewExactlyWhenItSaid(Window window)
    {
        foreach (var zone in (string[])["UTC", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"])
        {
            var node = new Node(Node.Deny(2, window));
            node.Apply(node.Entitlement with { TimeZone = zone });
            // A month's end, a change of clocks and an ordinary day.
            foreach (var now in (DateTimeOffset[])[new(2028, 2, 29, 23, 59, 58, TimeSpan.Zero), new(2028, 10, 1, 13, 20, 0, TimeSpan.Zero), new(2029, 1, 31, 6, 0, 0, TimeSpan.Zero)])
            {
                node.Clock.Now = now;
                Enumerable.Range(0, 3).Select(_ => node.Call().Admitted).ShouldBe([true, true, false]);
                var refused = node.Call();
                refused.Limits[0].ResetSeconds.ShouldBe(refused.RetryAfterSeconds);
                node.Clock.Advance(TimeSpan.FromSeconds(refused.RetryAfterSeconds) - TimeSpan.FromTicks(1));
                node.Call().Admitted.ShouldBeFalse();
                node.Clock.Advance(TimeSpan.FromTicks(1));
                node.Call().Admitted.ShouldBeTrue();
            }
        }
    }
}
