using System.Globalization;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Gateway.Upstreams;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Upstreams;

/// <summary>Targets are asked whether calls come or not. The clock is the test's; the servers are real.</summary>
public sealed class HealthCheckTests : IAsyncDisposable
{
    private readonly ManualClock _clock = new();
    private readonly RawUpstream _a = new();
    private readonly RawUpstream _b = new();
    private volatile string _answer = "HTTP/1.1 204 No Content\r\n\r\n";

    public HealthCheckTests() => _a.Answer = (request, stream, _) =>
        RawUpstream.WriteAsync(stream, request.Target.StartsWith("/healthz", StringComparison.Ordinal) ? _answer : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Check_TakesATargetOutAndBringsItBack()
    {
        await using var rig = await StartAsync();
        var target = TargetsOf(rig)[0];
        await CheckedAsync(3);
        target.IsUp.ShouldBeTrue();

        _answer = "HTTP/1.1 500 Ill\r\nContent-Length: 4\r\n\r\nhelp";
        await UntilAsync(() => !target.IsUp);
        (target.Health.Last!.Reason, target.Health.Last.Detail).ShouldBe((TargetFailure.CheckFailed, "status 500"));
        // Not the first failure took it out.
        _a.Received.Count(request => request.Target == "/healthz?deep=1").ShouldBeGreaterThanOrEqualTo(5);
        await CallAsync(rig, 10);
        _b.Received.Count(request => request.Target == "/x").ShouldBe(10);

        _answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        await UntilAsync(() => target.IsUp);
        await CallAsync(rig, 10);
        _a.Received.Count(request => request.Target == "/x").ShouldBe(5);
    }

    [Fact]
    public async Task Check_HasTheUpstreamHeadersAndNoSignature()
    {
        await using var rig = await StartAsync();
        await CheckedAsync(1);
        var request = _a.Received.First();
        request.RequestLine.ShouldBe("GET /healthz?deep=1 HTTP/1.1");
        request.Header("X-Upstream-Secret").ShouldBe("s3cret");
        request.Header("Host").ShouldBe(_a.Address.Authority);
        request.Head.ShouldNotContain("X-Tollgate");
        rig.Journal.Events.ShouldBeEmpty();
    }

    [Fact]
    public async Task Check_AnsweredByARedirect_DoesNotFollowIt()
    {
        await using var rig = await StartAsync(Check with { StatusTo = 299 });
        _answer = $"HTTP/1.1 302 Found\r\nLocation: {new Uri(_b.Address, "/elsewhere")}\r\nContent-Length: 0\r\n\r\n";
        await UntilAsync(() => !TargetsOf(rig)[0].IsUp);
        TargetsOf(rig)[0].Health.Last!.Detail.ShouldBe("status 302");
        _b.Received.ShouldAllBe(request => request.Target == "/healthz?deep=1");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not http\r\n\r\n")]
    public async Task Check_WithoutAnHttpAnswer_Fails(string answer)
    {
        await using var rig = await StartAsync();
        _a.Answer = async (_, stream, _) =>
        {
            await RawUpstream.WriteAsync(stream, answer);
            stream.Close();
        };
        await UntilAsync(() => !TargetsOf(rig)[0].IsUp);
    }

    [Fact]
    public async Task Check_AnswerWithoutEnd_IsNotReadOn()
    {
        await using var rig = await StartAsync();
        var closed = new TaskCompletionSource();
        _a.Answer = async (_, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            try
            {
                while (true)
                    await stream.WriteAsync(new byte[64 * 1024], stop);
            }
            catch (IOException)
            {
                closed.TrySetResult();
            }
        };
        await CheckedAsync(1);
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(60));
        TargetsOf(rig)[0].IsUp.ShouldBeTrue();
    }

    [Fact]
    public async Task Check_HeadThatIsTooLong_Fails()
    {
        await using var rig = await StartAsync();
        _answer = $"HTTP/1.1 200 OK\r\nX-Long: {new string('x', 20_000)}\r\nContent-Length: 0\r\n\r\n";
        await UntilAsync(() => !TargetsOf(rig)[0].IsUp);
    }

    [Fact]
    public async Task Check_WithoutAnswerInTime_Fails()
    {
        await using var rig = await StartAsync(Check with { TimeoutMs = 10_000 });
        _a.Answer = (_, _, stop) => Task.Delay(Timeout.Infinite, stop);
        await UntilAsync(() => !TargetsOf(rig)[0].IsUp);
        TargetsOf(rig)[0].Health.Last!.Detail.ShouldBe("no answer in time");
    }

    [Fact]
    public async Task Check_OfAClosedAddress_ConnectsNowhere()
    {
        await using var rig = await StartAsync(settings: new() { [UpstreamAddressPolicy.Setting] = "false" });
        await UntilAsync(() => TargetsOf(rig).All(target => !target.IsUp));
        (_a.Connections, _b.Connections).ShouldBe((0, 0));
    }

    [Fact]
    public async Task BothDown_CallsStillGoThere()
    {
        await using var rig = await StartAsync();
        _answer = "HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n";
        _b.Answer = _a.Answer;
        await UntilAsync(() => TargetsOf(rig).All(target => !target.IsUp));
        await CallAsync(rig, 4);
    }

    [Fact]
    public async Task OneTarget_IsCheckedAndServedAllTheSame()
    {
        await using var rig = await GatewayRig.StartAsync(clock: _clock, plan: new UpstreamPlan([new(_a.Address, 1)], Balancing.RoundRobin, Check, PassiveHealth.Default));
        _answer = "HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n";
        await UntilAsync(() => !TargetsOf(rig)[0].IsUp);
        await CallAsync(rig, 2);
    }

    [Fact]
    public async Task Checks_OfManyTargets_AreSoManyAtOnceAtMost_AndFewerOfOneProvider()
    {
        var (open, most, mostOfOne, asked) = (0, 0, 0, 0);
        var openOfOne = new int[12];
        var go = new TaskCompletionSource();
        _a.Answer = async (request, stream, _) =>
        {
            var provider = request.Target.StartsWith("/provider", StringComparison.Ordinal) ? int.Parse(request.Target["/provider".Length..], CultureInfo.InvariantCulture) : 0;
            InterlockedMax(ref most, Interlocked.Increment(ref open));
            InterlockedMax(ref mostOfOne, Interlocked.Increment(ref openOfOne[provider]));
            Interlocked.Increment(ref asked);
            await go.Task;
            Interlocked.Decrement(ref openOfOne[provider]);
            Interlocked.Decrement(ref open);
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        };
        await using var rig = await StartAsync();
        await ServeProvidersAsync(rig, 12);
        // One of each, and 32 more.
        await UntilAsync(() => Volatile.Read(ref asked) >= 44);
        for (var i = 0; i < 8; i++)
            _clock.Advance(TimeSpan.FromMilliseconds(250));
        (most, mostOfOne).ShouldBe((44, 4));
        go.SetResult();
        await UntilAsync(() => Volatile.Read(ref asked) >= 128);
    }

    [Fact]
    public async Task ProvidersWhoseServersSayNothing_HoldUpNobodyElsesChecks()
    {
        const int Silent = 16;
        var (silent, answered) = (0, 0);
        _a.Answer = async (request, stream, stop) =>
        {
            if (request.Target != $"/provider{Silent}")
            {
                Interlocked.Increment(ref silent);
                await Task.Delay(Timeout.Infinite, stop);
            }
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            Interlocked.Increment(ref answered);
        };
        await using var rig = await StartAsync();
        await ServeProvidersAsync(rig, Silent);
        await UntilAsync(() => Volatile.Read(ref silent) >= 32);

        await ServeProvidersAsync(rig, Silent + 1);
        // The clock stands but for what makes checks due.
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        await GatewayRig.EventuallyAsync(() => Volatile.Read(ref answered) > 0);
    }

    // Each with as many targets as one may have at once, and more.
    private async Task ServeProvidersAsync(GatewayRig rig, int count)
    {
        var route = rig.Routes.Apis[0];
        rig.Routes.Apis.Clear();
        for (var i = 0; i < count; i++)
        {
            UpstreamTarget[] targets = [.. Enumerable.Range(0, 8).Select(number => new UpstreamTarget(new Uri(_a.Address, $"/{number}"), 1))];
            rig.Routes.Apis.Add(route with
            {
                ApiId = new Guid(i + 1, 0, 0, new byte[8]),
                ProviderOrganizationId = new Guid(i + 1, 1, 0, new byte[8]),
                ApiSlug = $"many{i}",
                HostName = null,
                Upstreams = new UpstreamPlan(targets, Balancing.RoundRobin, Check with { Path = $"/provider{i}" }, PassiveHealth.Default),
            });
        }
        await rig.Get<Routes>().LoadAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Edit_KeepsWhatChecksHaveFound()
    {
        await using var rig = await StartAsync();
        _answer = "HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n";
        await UntilAsync(() => !TargetsOf(rig)[0].IsUp);
        rig.Routes.Apis[0] = rig.Routes.Apis[0] with { Version = 8 };
        await rig.Get<Routes>().ApplyAsync([new Change(1, IRouteSource.Topic, GatewayRig.ApiId)], CancellationToken.None);
        TargetsOf(rig).Select(target => target.IsUp).ShouldBe([false, true]);
    }

    // The clock runs fast here: nobody's time is up, however slow the machine is.
    private static HealthCheck Check { get; } = new("/healthz?deep=1", IntervalSeconds: 5, TimeoutMs: 3_600_000, HealthyAfter: 2, UnhealthyAfter: 2, StatusFrom: 200, StatusTo: 399);

    private Task<GatewayRig> StartAsync(HealthCheck? check = null, Dictionary<string, string?>? settings = null) => GatewayRig.StartAsync(settings, clock: _clock,
        plan: new UpstreamPlan([new(new Uri(_a.Address, "/"), 1), new(_b.Address, 1)], Balancing.RoundRobin, check ?? Check, new PassiveHealth(100, 10, 60, GatewayErrors: false)));

    private static IReadOnlyList<Target> TargetsOf(GatewayRig rig) => rig.Get<Routes>().Table.Apis.First(api => api.Route.ApiId == GatewayRig.ApiId).Upstreams.Targets;

    private Task CheckedAsync(int times)
    {
        var before = _a.Received.Count;
        return UntilAsync(() => _a.Received.Count >= before + times);
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            _clock.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(10, deadline.Token);
        }
    }

    private static async Task CallAsync(GatewayRig rig, int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
            response.IsSuccessStatusCode.ShouldBeTrue();
        }
    }

    private static void InterlockedMax(ref int most, int now)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < now && Interlocked.CompareExchange(ref most, now, seen) != seen)
        {
            // Somebody else was faster.
        }
    }
}
