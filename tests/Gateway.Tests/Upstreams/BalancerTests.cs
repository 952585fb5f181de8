using System.Text.Json;
using Tollgate.Gateway.Upstreams;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Upstreams;

public sealed class BalancerTests
{
    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 1, 1)]
    [InlineData(100, 50, 25)]
    [InlineData(7, 3, 2, 1)]
    public void Pick_AllUp_KeepsTheWeightsExactly(params int[] weights)
    {
        var balancer = Make(Balancing.RoundRobin, weights);
        var rounds = 3 * weights.Sum();

        var counts = Counts(balancer, rounds);

        counts.ShouldBe(weights.Select(weight => weight * 3));
    }

    [Fact]
    public void Pick_AllUp_IsSmooth()
    {
        var balancer = Make(Balancing.RoundRobin, 4, 2);
        // Never two in a row of the lighter, never three of the heavier.
        string.Concat(Enumerable.Range(0, 12).Select(_ => balancer.Pick(0).Target!.Index)).ShouldBe("010010010010");
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(6, 2, 1)]
    public void Pick_OneRests_TheOthersShareItsTurnsByWeight(params int[] weights)
    {
        var balancer = Make(Balancing.RoundRobin, weights);
        Rest(balancer.Targets[0]);

        var counts = Counts(balancer, 600);

        counts[0].ShouldBe(0);
        var others = weights.Skip(1).Sum();
        for (var i = 1; i < weights.Length; i++)
            ((double)counts[i] / 600).ShouldBe((double)weights[i] / others, 0.02);
    }

    [Fact]
    public void Pick_AfterATry_TakesAnother()
    {
        var balancer = Make(Balancing.RoundRobin, 9, 1, 1);
        for (var i = 0; i < 20; i++)
            balancer.Pick(balancer.Targets[0].Bit | balancer.Targets[1].Bit).Target!.Index.ShouldBe(2);
    }

    [Fact]
    public void Pick_LeastRequests_CountsByWeight()
    {
        var balancer = Make(Balancing.LeastRequests, 3, 1);
        for (var i = 0; i < 400; i++)
            balancer.Pick(0).Target!.Health.Enter();

        balancer.Targets.Select(target => target.Health.InFlight).ShouldBe([300, 100]);
    }

    [Fact]
    public void Pick_LeastRequestsAndNoneInFlight_TakesTurns() =>
        Counts(Make(Balancing.LeastRequests, 1, 1, 1), 30).ShouldBe([10, 10, 10]);

    [Fact]
    public void Pick_AllRest_StillFindsOne()
    {
        var balancer = Make(Balancing.RoundRobin, 1, 1);
        foreach (var target in balancer.Targets)
            Rest(target);

        Counts(balancer, 20).ShouldBe([10, 10]);
    }

    [Fact]
    public void Pick_RestIsOver_OneCallTriesIt()
    {
        var balancer = Make(Balancing.RoundRobin, 1, 1);
        Rest(balancer.Targets[0]);
        _clock.Advance(TimeSpan.FromSeconds(10));

        var picks = Enumerable.Range(0, 10).Select(_ => balancer.Pick(0)).ToList();

        picks.Count(pick => pick.Trial != 0).ShouldBe(1);
        picks.Where(pick => pick.Trial == 0).ShouldAllBe(pick => pick.Target!.Index == 1);
    }

    [Fact]
    public void Trial_ThatFails_DoublesTheRestUpToTheMaximum()
    {
        var target = Make(Balancing.RoundRobin, 1, 1).Targets[0];
        Rest(target);
        foreach (var seconds in new[] { 10, 20, 40, 60, 60 })
        {
            target.RestingUntil.ShouldBe(_clock.UtcNow.AddSeconds(seconds));
            _clock.Advance(TimeSpan.FromSeconds(seconds - 1));
            target.ClaimTrial().ShouldBe(0);
            _clock.Advance(TimeSpan.FromSeconds(1));
            var claim = target.ClaimTrial();
            claim.ShouldNotBe(0);
            target.ClaimTrial().ShouldBe(0);
            target.Failed(TargetFailure.ConnectFailed, claim);
        }
        _clock.Advance(TimeSpan.FromSeconds(60));
        var last = target.ClaimTrial();
        last.ShouldNotBe(0);
        target.Answered(200, last);
        target.IsUp.ShouldBeTrue();
        // All over again.
        Rest(target);
        target.RestingUntil.ShouldBe(_clock.UtcNow.AddSeconds(10));
    }

    [Fact]
    public void Trial_ThatTellsNothing_IsFollowedByAnother()
    {
        var target = Make(Balancing.RoundRobin, 1, 1).Targets[0];
        Rest(target);
        _clock.Advance(TimeSpan.FromSeconds(10));
        target.ClaimTrial().ShouldNotBe(0);

        _clock.Advance(TimeSpan.FromSeconds(10));
        target.ClaimTrial().ShouldNotBe(0);
    }

    [Fact]
    public void Trial_ThatFailsAfterAnotherSucceeded_LeavesTheTargetUp()
    {
        var target = Make(Balancing.RoundRobin, 1, 1).Targets[0];
        Rest(target);
        _clock.Advance(TimeSpan.FromSeconds(10));
        var late = target.ClaimTrial();
        _clock.Advance(TimeSpan.FromSeconds(10));
        target.Answered(200, target.ClaimTrial());

        target.Failed(TargetFailure.TimedOut, late).ShouldBeFalse();

        target.IsUp.ShouldBeTrue();
    }

    [Fact]
    public void Failures_WithASuccessBetween_AreNotInARow()
    {
        var target = Make(Balancing.RoundRobin, 1, 1).Targets[0];
        for (var i = 0; i < 10; i++)
        {
            target.Failed(TargetFailure.ConnectionBroken);
            target.Failed(TargetFailure.ConnectionBroken);
            target.Answered(500);
        }
        target.IsUp.ShouldBeTrue();
    }

    [Fact]
    public void NextVersion_KeepsTheHealthOfAddressesThatStay()
    {
        var before = Make(Balancing.RoundRobin, 1, 1);
        Rest(before.Targets[1]);
        var plan = new UpstreamPlan([new(Url(1), 9), new(Url(7), 1)], Balancing.RoundRobin, Check: null, Rules);

        var after = new Balancer(plan, before, _clock);

        after.Targets.Select(target => target.IsUp).ShouldBe([false, true]);
        after.Targets[0].Health.ShouldBeSameAs(before.Targets[1].Health);
    }

    [Fact]
    public void TargetAlone_NeverRests()
    {
        var before = Make(Balancing.RoundRobin, 1, 1);
        Rest(before.Targets[0]);

        var after = new Balancer(UpstreamPlan.Of(Url(0)), before, _clock);

        after.Only.ShouldNotBeNull().IsUp.ShouldBeTrue();
    }

    [Fact]
    public void ChecksThatAreGone_HoldNoTargetBack()
    {
        var check = new HealthCheck("/", 1, 1000, 1, 1, 200, 299);
        var plan = Make(1, 1) with { Check = check };
        var before = new Balancer(plan, before: null, _clock);
        before.Targets[0].Checked(check, "status 500").ShouldBeTrue();
        before.Targets[0].IsUp.ShouldBeFalse();

        var without = new Balancer(plan with { Check = null }, before, _clock);
        without.Targets[0].IsUp.ShouldBeTrue();
        // What the old ones found is not known of the new ones.
        new Balancer(plan, without, _clock).Targets[0].IsUp.ShouldBeTrue();
    }

    [Fact]
    public void TargetThatWasAloneMeanwhile_DoesNotRest()
    {
        var before = Make(Balancing.RoundRobin, 1, 1);
        Rest(before.Targets[0]);
        var alone = new Balancer(UpstreamPlan.Of(Url(0)), before, _clock);

        new Balancer(Make(1, 1), alone, _clock).Targets[0].IsUp.ShouldBeTrue();
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"targets\": [], \"balancing\": \"round_robin\"}")]
    [InlineData("{\"targets\": [null], \"passive\": {}}")]
    [InlineData("{\"targets\": \"none\"}")]
    public void Plan_ThatCannotBeRead_IsToldAsThat(string json) => Should.Throw<JsonException>(() => UpstreamPlan.Read("https://example.com", json));

    [Theory]
    [InlineData("round_robin")]
    [InlineData("least_requests")]
    public void Call_FromItsPickToItsEnd_AllocatesNothing(string balancing)
    {
        var balancer = Make(balancing == "round_robin" ? Balancing.RoundRobin : Balancing.LeastRequests, 3, 2, 1);
        Rest(balancer.Targets[2]);
        Play(balancer, 1000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Play(balancer, 10_000);

        // Less than a byte a call: what a measurement itself leaves.
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(10_000);
    }

    [Fact]
    public async Task Pick_ByManyAtOnce_KeepsTheWeights()
    {
        var balancer = Make(Balancing.RoundRobin, 3, 1);
        var counts = new int[2];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++)
                Interlocked.Increment(ref counts[balancer.Pick(0).Target!.Index]);
        })));
        counts.ShouldBe([30_000, 10_000]);
    }

    private static PassiveHealth Rules { get; } = new(Failures: 3, CoolOffSeconds: 10, MaxCoolOffSeconds: 60, GatewayErrors: false);

    private static Uri Url(int number) => new($"http://{number}.example.com");

    private static UpstreamPlan Make(params int[] weights) =>
        new([.. weights.Select((weight, index) => new UpstreamTarget(Url(index), weight))], Balancing.RoundRobin, Check: null, Rules);

    private Balancer Make(Balancing balancing, params int[] weights) => new(Make(weights) with { Balancing = balancing }, before: null, _clock);

    private static int[] Counts(Balancer balancer, int calls)
    {
        var counts = new int[balancer.Targets.Count];
        for (var i = 0; i < calls; i++)
            counts[balancer.Pick(0).Target!.Index]++;
        return counts;
    }

    private static void Play(Balancer balancer, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            var attempt = balancer.Pick(0);
            attempt.Target!.Health.Enter();
            attempt.Answered(200);
            attempt.Target.Health.Leave();
        }
    }

    private static void Rest(Target target)
    {
        for (var i = 0; i < 3; i++)
            target.Failed(TargetFailure.ConnectFailed);
        target.IsUp.ShouldBeFalse();
    }
}
