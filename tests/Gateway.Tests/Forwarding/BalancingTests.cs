using System.Net;
using System.Net.Sockets;
using System.Text;
using Tollgate.Foundation;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Gateway.Upstreams;
using Tollgate.Metering;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Forwarding;

/// <summary>Several upstreams behind one API, on real sockets.</summary>
public sealed class BalancingTests : IAsyncDisposable
{
    private readonly RawUpstream _a = new();
    private readonly RawUpstream _b = new();

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Calls_AreSharedByWeight()
    {
        await using var rig = await StartAsync(weights: (3, 1));
        await CallAsync(rig, 40);
        (_a.Received.Count, _b.Received.Count).ShouldBe((30, 10));
    }

    [Fact]
    public async Task BasePathOfEachTarget_IsItsOwnAndSigned()
    {
        await using var rig = await GatewayRig.StartAsync(plan: Plan((1, 1)) with { Targets = [new(new Uri(_a.Address, "/one"), 1), new(new Uri(_b.Address, "/two/deep"), 1)] });
        await CallAsync(rig, 2);
        (_a.Single.Target, _b.Single.Target).ShouldBe(("/one/x", "/two/deep/x"));
    }

    [Fact]
    public async Task DeadTarget_IsPassedOver_AndNoClientSeesIt()
    {
        await using var rig = await StartAsync();
        _a.Stop();
        await CallAsync(rig, 20);
        _b.Received.Count.ShouldBe(20);
        await ShouldBeServedAsync(rig, 20);
    }

    [Fact]
    public async Task DeadTarget_ABodyGoesWholeToTheOther()
    {
        await using var rig = await StartAsync();
        _a.Stop();
        for (var i = 0; i < 10; i++)
            (await rig.Client.SendAsync(GatewayRig.Call("/x", HttpMethod.Post, new StringContent($"body {i}")))).StatusCode.ShouldBe(HttpStatusCode.OK);
        _b.Received.Select(request => Encoding.ASCII.GetString(request.Body)).ShouldBe(Enumerable.Range(0, 10).Select(i => $"body {i}"));
        await ShouldBeServedAsync(rig, 10);
        rig.Journal.Events.ShouldAllBe(usage => usage.BytesIn == 6);
    }

    [Theory]
    [InlineData("GET", null, true)]
    [InlineData("HEAD", null, true)]
    [InlineData("PUT", null, true)]
    [InlineData("DELETE", null, true)]
    [InlineData("PUT", "body", false)]
    [InlineData("POST", "body", false)]
    [InlineData("POST", null, false)]
    [InlineData("PATCH", null, false)]
    public async Task ConnectionBrokenBeforeAnAnswer_IsTriedElsewhereOnlyWhereTwiceIsOnce(string method, string? body, bool repeated)
    {
        await using var rig = await StartAsync();
        _a.Answer = BreakAsync;
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x", new HttpMethod(method), body is null ? null : new StringContent(body)));

        response.StatusCode.ShouldBe(repeated ? HttpStatusCode.OK : HttpStatusCode.BadGateway);
        (_a.Received.Count, _b.Received.Count).ShouldBe((1, repeated ? 1 : 0));
        var usage = await rig.EventAsync();
        (usage.Outcome, usage.Billable).ShouldBe(repeated ? (UsageOutcome.Served, true) : (UsageOutcome.UpstreamFailed, false));
        (rig.Admission.Taken, rig.Admission.GivenBack).ShouldBe(repeated ? (1, 0) : (0, 1));
    }

    [Theory]
    [InlineData("HTTP/1.1 2")]
    [InlineData("HTTP/1.1 103 Early Hints\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")]
    public async Task ConnectionBrokenWithinAnAnswer_IsNotTriedElsewhere(string begun)
    {
        await using var rig = await StartAsync();
        _a.Answer = async (_, stream, _) =>
        {
            await RawUpstream.WriteAsync(stream, begun);
            stream.Close();
        };
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await FailureTests.ShouldBeAsync(response, HttpStatusCode.BadGateway, "UPSTREAM_UNREACHABLE");
        _b.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task TimeOut_IsNotTriedElsewhere()
    {
        await using var rig = await StartAsync(timeout: 200);
        _a.Answer = (_, _, stop) => Task.Delay(Timeout.Infinite, stop);
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await FailureTests.ShouldBeAsync(response, HttpStatusCode.GatewayTimeout, "UPSTREAM_TIMEOUT");
        _b.Received.ShouldBeEmpty();
        (await rig.EventAsync()).Outcome.ShouldBe(UsageOutcome.UpstreamFailed);
    }

    [Fact]
    public async Task AllTries_ShareTheOneTimeOut()
    {
        var clock = new ManualClock();
        await using var rig = await StartAsync(timeout: 10_000, clock: clock);
        var breaks = new TaskCompletionSource();
        _a.Answer = async (_, stream, _) =>
        {
            await breaks.Task;
            stream.Close();
        };
        _b.Answer = (_, _, stop) => Task.Delay(Timeout.Infinite, stop);
        var calling = rig.Client.SendAsync(GatewayRig.Call("/x"));
        await GatewayRig.EventuallyAsync(() => _a.Received.Count == 1);
        clock.Advance(TimeSpan.FromSeconds(6));
        breaks.SetResult();
        await GatewayRig.EventuallyAsync(() => _b.Received.Count == 1);
        clock.Advance(TimeSpan.FromSeconds(5));

        using var response = await calling;
        await FailureTests.ShouldBeAsync(response, HttpStatusCode.GatewayTimeout, "UPSTREAM_TIMEOUT");
    }

    [Fact]
    public async Task FailuresInARow_TheTargetRestsAndOneCallTriesIt()
    {
        var clock = new ManualClock();
        await using var rig = await StartAsync(clock: clock, rules: new PassiveHealth(2, 10, 60, GatewayErrors: false));
        _a.Answer = BreakAsync;
        // Two failures, each passed over.
        await CallAsync(rig, 4);
        _a.Received.Count.ShouldBe(2);
        await CallAsync(rig, 10);
        _a.Received.Count.ShouldBe(2);

        clock.Advance(TimeSpan.FromSeconds(10));
        await CallAsync(rig, 10);
        _a.Received.Count.ShouldBe(3);
        // Twice as long now.
        clock.Advance(TimeSpan.FromSeconds(19));
        await CallAsync(rig, 10);
        _a.Received.Count.ShouldBe(3);

        _a.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        clock.Advance(TimeSpan.FromSeconds(1));
        await CallAsync(rig, 10);
        _a.Received.Count.ShouldBeInRange(7, 8);
        await ShouldBeServedAsync(rig, 44);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnswersOf503_CountWhereTheProviderSaysSo(bool counted)
    {
        await using var rig = await StartAsync(rules: new PassiveHealth(2, 600, 3600, counted));
        _a.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        for (var i = 0; i < 20; i++)
            (await rig.Client.SendAsync(GatewayRig.Call("/x"))).Dispose();
        _a.Received.Count.ShouldBe(counted ? 2 : 10);
    }

    [Fact]
    public async Task ClientThatHoldsItsBodyBack_IsNotTheTargetsFailure()
    {
        await using var rig = await StartAsync(timeout: 200, rules: new PassiveHealth(1, 600, 3600, GatewayErrors: false));
        foreach (var upstream in new[] { _a, _b })
            (upstream.ReadBody, upstream.Answer) = (false, (_, _, stop) => Task.Delay(Timeout.Infinite, stop));
        for (var i = 0; i < 2; i++)
            (await rig.RawAsync($"POST /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nConnection: close\r\nContent-Length: 100\r\n\r\nsome")).ShouldContain("UPSTREAM_TIMEOUT");
        TargetsOf(rig).ShouldAllBe(target => target.IsUp && target.Health.Last == null);

        (await rig.Client.SendAsync(GatewayRig.Call("/x"))).StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        TargetsOf(rig).Count(target => !target.IsUp && target.Health.Last!.Reason == TargetFailure.TimedOut).ShouldBe(1);
    }

    [Fact]
    public async Task ClientThatLeaves_IsNotTheTargetsFailure()
    {
        await using var rig = await StartAsync(rules: new PassiveHealth(1, 600, 3600, GatewayErrors: false));
        _a.Answer = (_, _, stop) => Task.Delay(Timeout.Infinite, stop);
        using (var client = await RawClient.ConnectAsync(rig.Address))
        {
            await client.SendAsync($"GET /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n");
            await GatewayRig.EventuallyAsync(() => _a.Received.Count == 1);
        }
        (await rig.EventAsync()).Outcome.ShouldBe(UsageOutcome.ClientAborted);
        TargetsOf(rig).ShouldAllBe(target => target.IsUp && target.Health.InFlight == 0);
        _b.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task AllDead_Is502EachTimeAndOneThatComesBackIsFound()
    {
        await using var rig = await StartAsync();
        (_a.Answer, _b.Answer) = (BreakAsync, BreakAsync);
        for (var i = 0; i < 6; i++)
        {
            using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
            await FailureTests.ShouldBeAsync(response, HttpStatusCode.BadGateway, "UPSTREAM_UNREACHABLE");
        }
        TargetsOf(rig).ShouldAllBe(target => !target.IsUp);
        (_a.Received.Count, _b.Received.Count).ShouldBe((6, 6));
        (rig.Journal.Events.Count, rig.Admission.Taken, rig.Admission.GivenBack).ShouldBe((6, 0, 6));

        // No time passes: it is still said to rest, and still asked.
        _a.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await CallAsync(rig, 6);
    }

    [Fact]
    public async Task LeastRequests_AvoidsTheSlowOne()
    {
        await using var rig = await StartAsync(balancing: Balancing.LeastRequests);
        var go = new TaskCompletionSource();
        _a.Answer = async (_, stream, _) =>
        {
            await go.Task;
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        };
        var slow = rig.Client.SendAsync(GatewayRig.Call("/slow"));
        await GatewayRig.EventuallyAsync(() => _a.Received.Count == 1);

        await CallAsync(rig, 20);
        (_a.Received.Count, _b.Received.Count).ShouldBe((1, 20));
        go.SetResult();
        (await slow).StatusCode.ShouldBe(HttpStatusCode.OK);
        await GatewayRig.EventuallyAsync(() => TargetsOf(rig).All(target => target.Health.InFlight == 0));
        await CallAsync(rig, 20);
        (_a.Received.Count, _b.Received.Count).ShouldBe((11, 30));
    }

    [Fact]
    public async Task Edit_KeepsWhatIsKnownOfATarget()
    {
        await using var rig = await StartAsync();
        _a.Answer = BreakAsync;
        await CallAsync(rig, 4);
        var before = _a.Received.Count;
        await using var third = new RawUpstream();
        var route = rig.Routes.Apis[0];
        rig.Routes.Apis[0] = route with { Version = 8, Upstreams = route.Upstreams with { Targets = [new(_a.Address, 50), new(_b.Address, 1), new(third.Address, 1)] } };
        await rig.Get<Routes>().ApplyAsync([new Change(1, "api", GatewayRig.ApiId)], CancellationToken.None);

        await CallAsync(rig, 20);
        _a.Received.Count.ShouldBe(before);
        (_b.Received.Count + third.Received.Count).ShouldBe(24);
        third.Received.Count.ShouldBeInRange(8, 12);
        // As it is when the node reads everything anew.
        await rig.Get<Routes>().LoadAsync(CancellationToken.None);
        await CallAsync(rig, 20);
        _a.Received.Count.ShouldBe(before);
    }

    [Fact]
    public async Task ConnectionsThatTargetsClosedMeanwhile_AreNoFailures()
    {
        await using var rig = await StartAsync();
        foreach (var upstream in new[] { _a, _b })
            upstream.Answer = async (_, stream, _) =>
            {
                await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                stream.Close();
            };
        await CallAsync(rig, 40);
        TargetsOf(rig).ShouldAllBe(target => target.Health.Last == null);
        await ShouldBeServedAsync(rig, 40);
    }

    [Fact]
    public async Task EachConnection_GoesBackToItsOwnTarget()
    {
        await using var rig = await StartAsync();
        await CallAsync(rig, 20);
        (_a.Connections, _b.Connections).ShouldBe((1, 1));
        foreach (var (upstream, address) in new[] { (_a, _a.Address), (_b, _b.Address) })
            upstream.Received.ShouldAllBe(request => request.Header("Host") == address.Authority);
    }

    [Fact]
    public async Task Health_IsToldByPlaceWithoutAddresses()
    {
        await using var rig = await StartAsync();
        _a.Answer = BreakAsync;
        await CallAsync(rig, 4);
        rig.Get<UpstreamHealth>().All().ShouldBe([("acme/weather", 0, false), ("acme/weather", 1, true)]);
        var page = new MetricPage();
        rig.Get<GatewayMetricsPage>().WriteTo(page);
        var read = Exposition.Parse(page.ToString());
        read.Value("tollgate_gateway_upstream_healthy", ("api", "acme/weather"), ("target", "0")).ShouldBe(0);
        read.Value("tollgate_gateway_upstream_healthy", ("api", "acme/weather"), ("target", "1")).ShouldBe(1);
        read.Value("tollgate_gateway_upstreams_unhealthy").ShouldBe(1);
    }

    private static Task BreakAsync(RawRequest request, NetworkStream stream, CancellationToken stop)
    {
        stream.Close();
        return Task.CompletedTask;
    }

    private UpstreamPlan Plan((int A, int B) weights, Balancing balancing = Balancing.RoundRobin, PassiveHealth? rules = null) =>
        new([new(_a.Address, weights.A), new(_b.Address, weights.B)], balancing, Check: null, rules ?? new PassiveHealth(2, 600, 3600, GatewayErrors: false));

    private Task<GatewayRig> StartAsync((int, int)? weights = null, int timeout = 30_000, Balancing balancing = Balancing.RoundRobin, PassiveHealth? rules = null, TimeProvider? clock = null) =>
        GatewayRig.StartAsync(timeout: timeout, clock: clock, plan: Plan(weights ?? (1, 1), balancing, rules));

    private static IReadOnlyList<Target> TargetsOf(GatewayRig rig) => rig.Get<Routes>().Table.Apis.Single().Upstreams.Targets;

    private static async Task CallAsync(GatewayRig rig, int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await response.Content.ReadAsStringAsync()).ShouldBe("ok");
        }
    }

    private static async Task ShouldBeServedAsync(GatewayRig rig, int calls)
    {
        // A call ends a moment after its client has its answer.
        await GatewayRig.EventuallyAsync(() => Volatile.Read(ref rig.Admission.Released) >= calls);
        rig.Journal.Events.Count.ShouldBe(calls);
        rig.Journal.Events.ShouldAllBe(usage => usage.Outcome == UsageOutcome.Served && usage.Billable);
        (rig.Admission.Taken, rig.Admission.GivenBack, rig.Admission.Released).ShouldBe((calls, 0, calls));
    }
}
