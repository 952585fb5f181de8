using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Limits;

public sealed class LimitTests
{
    [Fact]
    public void Admit_RateUsedUp_RefusesWithRateAndTheSecondsToTheNextMinute()
    {
        var node = new Node(Node.Deny(2, Window.Minute), Node.Deny(10, Window.Month));
        node.Call().Limits[0].Remaining.ShouldBe(1);
        node.Call().Admitted.ShouldBeTrue();
        var refused = node.Call();
        refused.Verdict.ShouldBe(AdmissionVerdict.RateLimited);
        refused.Reason.ShouldBe(RefusalReason.Rate);
        refused.RetryAfterSeconds.ShouldBe(55);
        refused.LimitCount.ShouldBe(2);
        refused.Limits[refused.Tightest].Window.ShouldBe(Window.Minute);
        refused.Limits[refused.Tightest].Remaining.ShouldBe(0);
        refused.Limits[1].Remaining.ShouldBe(8);
        node.Clock.Advance(TimeSpan.FromSeconds(55));
        node.Call().Admitted.ShouldBeTrue();
    }

    [Fact]
    public void Admit_SeveralViolated_TellsTheLongest()
    {
        var node = new Node(Node.Deny(1, Window.Minute), Node.Deny(1, Window.Hour));
        node.Call().Admitted.ShouldBeTrue();
        var refused = node.Call();
        refused.Reason.ShouldBe(RefusalReason.Quota);
        refused.RetryAfterSeconds.ShouldBe(3595);
        refused.Limits[refused.Tightest].Window.ShouldBe(Window.Hour);
    }

    [Fact]
    public void Admit_Admitted_MarksTheLeastShareLeft()
    {
        var decision = new Node(Node.Deny(100, Window.Minute), Node.Deny(3, Window.Month)).Call();
        decision.Limits[decision.Tightest].Window.ShouldBe(Window.Month);
        new Node().Call().Tightest.ShouldBe(-1);
    }

    [Fact]
    public void Admit_ChargedAllowanceUsedUp_GoesOn()
    {
        var node = new Node(new Allowance("requests", 2, Window.Month, PastAllowance.Charge, 0.5m));
        for (var i = 0; i < 5; i++)
            node.Call().Admitted.ShouldBeTrue();
        var last = node.Call();
        last.Limits[0].Remaining.ShouldBe(0);
        last.Limits[0].Charged.ShouldBeTrue();
        ExactnessTests.Used(node, Meter.Requests).ShouldBe([6]);
    }

    [Fact]
    public void Admit_MoreThanTheWholeLimit_IsRefusedAndTakesNothing()
    {
        var node = new Node(Node.Deny(5, Window.Month, "ai.tokens"));
        node.Call((Meter.AiTokens, 6)).Verdict.ShouldBe(AdmissionVerdict.RateLimited);
        node.Call((Meter.AiTokens, long.MaxValue)).Verdict.ShouldBe(AdmissionVerdict.RateLimited);
        node.Call((Meter.AiTokens, 5)).Admitted.ShouldBeTrue();
    }

    [Fact]
    public void GiveBack_SameWindow_MakesRoomAgain()
    {
        var node = new Node(Node.Deny(1, Window.Minute), Node.Deny(1, Window.Month));
        var taken = node.Call();
        node.Call().Admitted.ShouldBeFalse();
        node.Admission.GiveBack(taken);
        node.Call().Admitted.ShouldBeTrue();
        node.Call().Admitted.ShouldBeFalse();
    }

    [Fact]
    public void GiveBack_WindowEnded_ReturnsOnlyToTheOnesThatRun()
    {
        var node = new Node(Node.Deny(2, Window.Minute), Node.Deny(10, Window.Month));
        var taken = node.Call();
        node.Clock.Advance(TimeSpan.FromMinutes(1));
        node.Call().Admitted.ShouldBeTrue();
        node.Admission.GiveBack(taken);
        ExactnessTests.Used(node, Meter.Requests).ShouldBe([1, 1]);
        node.Call().Admitted.ShouldBeTrue();
        node.Call().Admitted.ShouldBeFalse();
    }

    [Fact]
    public void GiveBack_UnderConcurrentCalls_NeverPassesTheLimitAndLeavesWhatWasKept()
    {
        var node = new Node(Node.Deny(50, Window.Minute), Node.Deny(60, Window.Month));
        var open = 0;
        var most = 0;
        Parallel.For(0, 8, _ =>
        {
            for (var call = 0; call < 20_000; call++)
            {
                var decision = node.Call();
                if (!decision.Admitted)
                    continue;
                var now = Interlocked.Increment(ref open);
                if (now > Volatile.Read(ref most))
                    Volatile.Write(ref most, now);
                Interlocked.Decrement(ref open);
                node.Admission.GiveBack(decision);
            }
        });
        most.ShouldBeLessThanOrEqualTo(50);
        ExactnessTests.Used(node, Meter.Requests).ShouldBe([0, 0]);
    }

    [Fact]
    public void Settle_PastTheLimit_RefusesTheNextCallUntilTheWindowEnds()
    {
        var node = new Node(Node.Deny(100, Window.Hour, "bytes.out"), Node.Deny(100, Window.Hour));
        var first = node.Call();
        first.Admitted.ShouldBeTrue();
        node.Admission.Settle(first, Node.Amounts((Meter.BytesOut, 250)));
        var refused = node.Call();
        refused.Verdict.ShouldBe(AdmissionVerdict.RateLimited);
        refused.Limits[refused.Tightest].Meter.ShouldBe(Meter.BytesOut.Code);
        node.Clock.Advance(TimeSpan.FromHours(1));
        node.Call().Admitted.ShouldBeTrue();
    }

    [Fact]
    public void Apply_NewPlanVersion_KeepsWhatWasUsedUnderTheNewLimit()
    {
        var node = new Node(Node.Deny(10, Window.Day));
        for (var i = 0; i < 8; i++)
            node.Call().Admitted.ShouldBeTrue();
        node.Apply(node.Entitlement with { PlanVersion = 2, Allowances = [Node.Deny(5, Window.Day)] });
        var refused = node.Call();
        refused.Verdict.ShouldBe(AdmissionVerdict.RateLimited);
        refused.PlanVersion.ShouldBe(2);
        refused.Limits[0].Remaining.ShouldBe(0);
        node.Apply(node.Entitlement with { PlanVersion = 3, Allowances = [Node.Deny(10, Window.Day)] });
        node.Call().Limits[0].Remaining.ShouldBe(1);
    }

    [Fact]
    public void Admit_SeveralNodes_DividesRefusingLimitsOnly()
    {
        var node = new Node(nodes: 4, [Node.Deny(10, Window.Day), Node.Deny(2, Window.Minute), new Allowance("requests", 9, Window.Month, PastAllowance.Charge, 1m)]);
        var decision = node.Call();
        decision.Limits[0].Limit.ShouldBe(1);
        decision.Limits[1].Limit.ShouldBe(2);
        decision.Limits[2].Limit.ShouldBe(9);
    }

    [Fact]
    public void Admit_MonthFromThe31st_EndsOnTheClampedDay()
    {
        var node = new Node();
        node.Apply(node.Entitlement with { Anchor = new(2026, 1, 31, 9, 0, 0, TimeSpan.Zero), Allowances = [Node.Deny(1, Window.Month)] });
        node.Clock.Now = new(2026, 2, 28, 8, 59, 59, TimeSpan.Zero);
        node.Call().Limits[0].ResetSeconds.ShouldBe(1);
        node.Call().Admitted.ShouldBeFalse();
        node.Clock.Now = new(2026, 2, 28, 9, 0, 0, TimeSpan.Zero);
        var march = node.Call();
        march.Admitted.ShouldBeTrue();
        march.Limits[0].ResetSeconds.ShouldBe(31 * 86400);
        march.PeriodStartSeconds.ShouldBe(node.Clock.Now.ToUnixTimeSeconds());
    }

    [Fact]
    public void Admit_DaysWhenClocksChange_LastTwentyThreeAndTwentyFiveHours()
    {
        var node = new Node();
        node.Apply(node.Entitlement with { TimeZone = "Europe/Berlin", Allowances = [Node.Deny(1, Window.Day)] });
        node.Clock.Now = new(2026, 3, 28, 23, 0, 0, TimeSpan.Zero);
        node.Call().Limits[0].WindowSeconds.ShouldBe(23 * 3600);
        node.Call().Admitted.ShouldBeFalse();
        node.Clock.Now = new(2026, 3, 29, 22, 0, 0, TimeSpan.Zero);
        node.Call().Limits[0].WindowSeconds.ShouldBe(24 * 3600);
        node.Clock.Now = new(2026, 10, 24, 22, 0, 0, TimeSpan.Zero);
        node.Call().Limits[0].WindowSeconds.ShouldBe(25 * 3600);
        node.Clock.Now = new(2026, 10, 25, 22, 59, 59, TimeSpan.Zero);
        node.Call().Admitted.ShouldBeFalse();
        node.Clock.Now = new(2026, 10, 25, 23, 0, 0, TimeSpan.Zero);
        node.Call().Admitted.ShouldBeTrue();
    }

    [Fact]
    public void Admit_HoursWhenClocksGoBack_EachOfTheTwoEqualHoursIsAWindow()
    {
        var node = new Node();
        node.Apply(node.Entitlement with { TimeZone = "Europe/Berlin", Allowances = [Node.Deny(1, Window.Hour)] });
        // 02:30 in summer time, then 02:00 and 02:30 in winter time.
        FullUntil(node, new(2026, 10, 25, 0, 30, 0, TimeSpan.Zero), new(2026, 10, 25, 1, 0, 0, TimeSpan.Zero), 3600);
        FullUntil(node, new(2026, 10, 25, 1, 0, 0, TimeSpan.Zero), new(2026, 10, 25, 2, 0, 0, TimeSpan.Zero), 3600);
        // In spring 03:00 follows 01:59.
        FullUntil(node, new(2027, 3, 28, 0, 59, 59, TimeSpan.Zero), new(2027, 3, 28, 1, 0, 0, TimeSpan.Zero), 3600);
    }

    [Fact]
    public void Admit_HoursWhenClocksGoBackByHalfAnHour_TheCutHourIsAWindowOfItsOwn()
    {
        var node = new Node();
        node.Apply(node.Entitlement with { TimeZone = "Australia/Lord_Howe", Allowances = [Node.Deny(1, Window.Hour)] });
        FullUntil(node, new(2027, 4, 3, 14, 10, 0, TimeSpan.Zero), new(2027, 4, 3, 15, 0, 0, TimeSpan.Zero), 3600);
        FullUntil(node, new(2027, 4, 3, 15, 0, 0, TimeSpan.Zero), new(2027, 4, 3, 15, 30, 0, TimeSpan.Zero), 1800);
        FullUntil(node, new(2027, 4, 3, 15, 30, 0, TimeSpan.Zero), new(2027, 4, 3, 16, 30, 0, TimeSpan.Zero), 3600);
    }

    [Fact]
    public void Admit_WeeksWhenClocksChange_StartOnMondayMidnightOfTheZone()
    {
        var node = new Node();
        node.Apply(node.Entitlement with { TimeZone = "Europe/Berlin", Allowances = [Node.Deny(1, Window.Week)] });
        FullUntil(node, new(2027, 3, 22, 0, 0, 0, TimeSpan.Zero), new(2027, 3, 28, 22, 0, 0, TimeSpan.Zero), 167 * 3600);
        FullUntil(node, new(2027, 10, 26, 0, 0, 0, TimeSpan.Zero), new(2027, 10, 31, 23, 0, 0, TimeSpan.Zero), 169 * 3600);
        // Over the end of a year.
        FullUntil(node, new(2027, 12, 31, 0, 0, 0, TimeSpan.Zero), new(2028, 1, 2, 23, 0, 0, TimeSpan.Zero), 168 * 3600);
    }

    [Fact]
    public void Admit_MonthFromThe31stInAZone_KeepsTheLocalTimeOverLeapDayAndSummerTime()
    {
        var node = new Node();
        // 31 January 2027, 02:30 in Berlin.
        node.Apply(node.Entitlement with { TimeZone = "Europe/Berlin", Anchor = new(2027, 1, 31, 1, 30, 0, TimeSpan.Zero), Allowances = [Node.Deny(1, Window.Month)] });
        FullUntil(node, new(2028, 2, 28, 12, 0, 0, TimeSpan.Zero), new(2028, 2, 29, 1, 30, 0, TimeSpan.Zero), 29 * 86400);
        FullUntil(node, new(2028, 2, 29, 1, 30, 0, TimeSpan.Zero), new(2028, 3, 31, 0, 30, 0, TimeSpan.Zero), 31 * 86400 - 3600);
        FullUntil(node, new(2028, 12, 31, 1, 29, 59, TimeSpan.Zero), new(2028, 12, 31, 1, 30, 0, TimeSpan.Zero), 31 * 86400);
    }

    // One call is taken in the window that holds the instant, and the next is refused to the last tick of it.
    private static void FullUntil(Node node, DateTimeOffset from, DateTimeOffset end, int seconds)
    {
        node.Clock.Now = from;
        var first = node.Call();
        first.Admitted.ShouldBeTrue($"{from:u}");
        first.Limits[0].WindowSeconds.ShouldBe(seconds, $"{from:u}");
        first.Limits[0].ResetSeconds.ShouldBe((int)(end - from).TotalSeconds, $"{from:u}");
        node.Clock.Now = end.AddTicks(-1);
        node.Call().Admitted.ShouldBeFalse($"before {end:u}");
    }
}
