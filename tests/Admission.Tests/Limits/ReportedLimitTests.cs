using Tollgate.Admission.Limits;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Limits;

/// <summary>Allowances of meters that calls do not name: others report what was used.</summary>
public sealed class ReportedLimitTests
{
    [Fact]
    public void Call_WhenWhatWasReportedReachesTheLimit_IsRefusedUntilTheWindowEnds()
    {
        var node = new Node(Declared(10, Window.Day), Node.Deny(1000, Window.Day));
        node.Call().Admitted.ShouldBeTrue();
        Report(node, 128, 9);
        var admitted = node.Call();
        admitted.Admitted.ShouldBeTrue();
        admitted.Limits[admitted.Tightest].Remaining.ShouldBe(1);
        Report(node, 128, 10);
        var refused = node.Call();
        (refused.Verdict, refused.Reason).ShouldBe((AdmissionVerdict.RateLimited, RefusalReason.Quota));
        node.Admission.MeterName(refused, refused.Limits[refused.Tightest].Meter).ShouldBe("x.acme.m128");
        refused.RetryAfterSeconds.ShouldBe((int)(Node.Noon.Date.AddDays(1) - Node.Noon.DateTime).TotalSeconds);
        // A correction of the sums, or the next day: the call goes on.
        Report(node, 128, 4);
        node.Call().Admitted.ShouldBeTrue();
        Report(node, 128, long.MaxValue);
        node.Call().Admitted.ShouldBeFalse();
        node.Clock.Advance(TimeSpan.FromDays(1));
        node.Call().Admitted.ShouldBeTrue();
    }

    [Fact]
    public void Call_TakesAndGivesBackNothingOfIt()
    {
        var node = new Node(Declared(10, Window.Day), Declared(100, Window.Month), Node.Deny(1000, Window.Day));
        Report(node, 128, 7);
        for (var i = 0; i < 20; i++)
            node.Admission.GiveBack(node.Call());
        LiveUsage.Of(TermsOf(node), node.Clock.Now.UtcTicks)
            .Where(used => used.Name == "x.acme.m128").Select(used => used.Used).ShouldBe([7, 7]);
    }

    [Fact]
    public void Limit_IsNotDividedAmongNodes_ForEachKnowsAllThatWasReported()
    {
        var node = new Node(4, [Declared(10, Window.Day)]);
        Report(node, 128, 9);
        node.Call().Admitted.ShouldBeTrue();
        Report(node, 128, 10);
        node.Call().Admitted.ShouldBeFalse();
    }

    [Fact]
    public void Charged_NeverRefuses()
    {
        var node = new Node(new Allowance("x.acme.m128", 5, Window.Month, PastAllowance.Charge, 1) { MeterCode = 128 });
        Report(node, 128, 500);
        node.Call().Admitted.ShouldBeTrue();
    }

    [Fact]
    public void SetOfAWindowThatHasEnded_ChangesNothing()
    {
        var node = new Node(Declared(10, Window.Hour));
        Report(node, 128, 3);
        var terms = TermsOf(node);
        var term = terms.Allowances.Single();
        var old = terms.FrameAt(term, node.Clock.Now.UtcTicks).Ordinal;
        node.Clock.Advance(TimeSpan.FromHours(1));
        node.Call().Admitted.ShouldBeTrue();
        WindowWord.Set(ref terms.WordOf(ref terms.CellOf(128), Window.Hour), term.Bits, old, terms.CellOf(128).Total, 10);
        node.Call().Admitted.ShouldBeTrue();
    }

    [Theory]
    [InlineData(128)]
    [InlineData(160)]
    [InlineData(255)]
    public void SpendCap_OfWhatIsReported_RefusesEveryCall(byte code)
    {
        var meter = $"x.acme.m{code}";
        MeterMask.Of(meter).ShouldBe(MeterMask.Of(code));
        MeterMask.Takes(Node.Amounts((Meter.Requests, 1)), MeterMask.Of(code)).ShouldBeTrue();
        MeterMask.Takes(Node.Amounts((Meter.Requests, 1)), MeterMask.Of(Meter.Actions.Code)).ShouldBeFalse();
    }

    private static Allowance Declared(long amount, Window window, byte code = 128) => Node.Deny(amount, window, $"x.acme.m{code}") with { MeterCode = code };

    private static Terms TermsOf(Node node) => node.State.Subscribers.Find(node.Entitlement.SubscriptionId)!.Value.Terms!.Value;

    private static void Report(Node node, byte code, long used)
    {
        var terms = TermsOf(node);
        foreach (var term in terms.Allowances.Where(term => term.Meter == code))
            WindowWord.Set(ref terms.WordOf(ref terms.CellOf(code), term.Window), term.Bits, terms.FrameAt(term, node.Clock.Now.UtcTicks).Ordinal, terms.CellOf(code).Total, used);
    }
}
