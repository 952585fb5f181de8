using System.Net;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Metering;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Metrics;

/// <summary>The gateway's families after calls that are known: exactly those numbers.</summary>
public sealed class GatewayMetricsTests
{
    private const string Requests = "tollgate_gateway_requests_total";
    private const string Refusals = "tollgate_gateway_refusals_total";
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public async Task AnswersByApiAndStatusClass_AreCountedOnceEach()
    {
        await using var rig = await GatewayRig.StartAsync();
        foreach (var status in new[] { 200, 200, 200, 204, 304, 404, 500 })
        {
            rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, $"HTTP/1.1 {status} X\r\n{(status is 204 or 304 ? "" : "Content-Length: 0\r\n")}\r\n");
            (await SendAsync(rig, GatewayRig.Call("/x"))).ShouldBe((HttpStatusCode)status);
        }
        await SendAsync(rig, new HttpRequestMessage(HttpMethod.Get, "/nobody/nothing/x"));
        await SendAsync(rig, new HttpRequestMessage(HttpMethod.Get, "/_api/healthz"));
        await SendAsync(rig, new HttpRequestMessage(HttpMethod.Get, "/api/v1/hello/ping"));

        var page = await PageAsync(rig, answers: 10);
        page.Value(Requests, ("api", "acme/weather"), ("status", "2xx")).ShouldBe(4);
        page.Value(Requests, ("api", "acme/weather"), ("status", "3xx")).ShouldBe(1);
        page.Value(Requests, ("api", "acme/weather"), ("status", "4xx")).ShouldBe(1);
        page.Value(Requests, ("api", "acme/weather"), ("status", "5xx")).ShouldBe(1);
        page.Value(Requests, ("api", "-"), ("status", "4xx")).ShouldBe(1);
        page.Value(Requests, ("api", "health"), ("status", "2xx")).ShouldBe(1);
        page.Value(Requests, ("api", "built-in"), ("status", "2xx")).ShouldBe(1);
        page.Sum("tollgate_gateway_request_duration_seconds_count", ("api", "acme/weather")).ShouldBe(7);
        page.Value("tollgate_gateway_request_duration_seconds_count", ("api", "acme/weather"), ("status", "2xx")).ShouldBe(4);
        page.Value("tollgate_gateway_request_duration_seconds_sum", ("api", "acme/weather"), ("status", "2xx")).ShouldBeGreaterThan(0);
        page.Value(Refusals, ("api", "-"), ("code", "API_NOT_FOUND"), ("reason", "")).ShouldBe(1);
        page.Sum(Refusals).ShouldBe(1);
        page.Value("tollgate_gateway_apis").ShouldBe(1);
    }

    [Fact]
    public async Task RefusalsAreCountedByCodeAndReason_WithoutAKeyHereOnly()
    {
        await using var rig = await GatewayRig.StartAsync();
        await SendAsync(rig, new HttpRequestMessage(HttpMethod.Get, "/acme/weather/x"));
        foreach (var key in new[] { "nonsense", "tg_live_unknown", "tg_live_unknown" })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/acme/weather/x");
            request.Headers.Add("x-api-key", key);
            await SendAsync(rig, request);
        }
        rig.Admission.Limit = 0;
        await SendAsync(rig, GatewayRig.Call("/x"));
        await SendAsync(rig, GatewayRig.Call("/x"));
        rig.Admission.KnownKeyVerdict = AdmissionVerdict.SubscriptionInactive;
        await SendAsync(rig, GatewayRig.Call("/x"));
        (rig.Admission.KnownKeyVerdict, rig.Admission.Limit) = (AdmissionVerdict.Admitted, 1000);
        rig.Upstream.Stop();
        (await SendAsync(rig, GatewayRig.Call("/x"))).ShouldBe(HttpStatusCode.BadGateway);
        rig.Journal.Writable = false;
        (await SendAsync(rig, GatewayRig.Call("/x"))).ShouldBe(HttpStatusCode.ServiceUnavailable);

        var page = await PageAsync(rig, answers: 9);
        double Refused(string code, string reason = "") => page.Value(Refusals, ("api", "acme/weather"), ("code", code), ("reason", reason));
        Refused("KEY_MISSING").ShouldBe(1);
        Refused("KEY_MALFORMED").ShouldBe(1);
        Refused("KEY_UNKNOWN").ShouldBe(2);
        Refused("RATE_LIMITED", "rate").ShouldBe(2);
        Refused("SUBSCRIPTION_INACTIVE").ShouldBe(1);
        Refused("UPSTREAM_UNREACHABLE").ShouldBe(1);
        Refused("JOURNAL_UNAVAILABLE").ShouldBe(1);
        page.Sum(Refusals).ShouldBe(9);
        page.Value(Requests, ("api", "acme/weather"), ("status", "4xx")).ShouldBe(7);
        page.Value(Requests, ("api", "acme/weather"), ("status", "5xx")).ShouldBe(2);
        rig.Journal.Events.Count.ShouldBe(4);
    }

    [Fact]
    public async Task BytesAreThoseOfTheBodies_StreamsIncluded()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\n ho\r\n0\r\n\r\n");
        await SendAsync(rig, GatewayRig.Call("/x", HttpMethod.Post, new ByteArrayContent(new byte[100_000])));
        await SendAsync(rig, GatewayRig.Call("/x"));

        var page = await PageAsync(rig, answers: 2);
        page.Value("tollgate_gateway_received_bytes_total", ("api", "acme/weather")).ShouldBe(100_000);
        page.Value("tollgate_gateway_sent_bytes_total", ("api", "acme/weather")).ShouldBe(16);
    }

    [Fact]
    public async Task OpenCallsAreInFlight_AndAClientThatLeavesIsA4xx()
    {
        await using var rig = await GatewayRig.StartAsync();
        var asked = new TaskCompletionSource();
        rig.Upstream.Answer = (_, _, stop) =>
        {
            asked.SetResult();
            return Task.Delay(Timeout.Infinite, stop);
        };
        using (var client = await RawClient.ConnectAsync(rig.Address))
        {
            await client.SendAsync($"GET /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n");
            await asked.Task;
            var during = Read(rig);
            during.Value("tollgate_gateway_in_flight", ("api", "acme/weather")).ShouldBe(1);
            during.Value("tollgate_gateway_forwarding").ShouldBe(1);
            during.Find(Requests, ("api", "acme/weather"), ("status", "2xx")).ShouldBeNull();
        }
        var page = await PageAsync(rig, answers: 1);
        page.Value(Requests, ("api", "acme/weather"), ("status", "4xx")).ShouldBe(1);
        page.Value("tollgate_gateway_in_flight", ("api", "acme/weather")).ShouldBe(0);
    }

    [Fact]
    public async Task SeriesAreBounded_AndAnApiThatIsGoneLeavesThePageAfterAWhile()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var rig = await GatewayRig.StartAsync(new() { ["Metrics:Apis"] = "2" }, clock: clock);
        for (var number = 1; number <= 3; number++)
            rig.Routes.Apis.Add(rig.Routes.Apis[0] with { ApiId = Guid.CreateVersion7(), ApiSlug = $"api{number}", HostName = null });
        await rig.Get<Routes>().LoadAsync(Never);
        foreach (var api in new[] { "weather", "api1", "api2", "api3", "api3" })
        {
            var request = GatewayRig.Call("/x");
            request.RequestUri = new Uri($"/acme/{api}/x", UriKind.Relative);
            (await SendAsync(rig, request)).ShouldBe(HttpStatusCode.OK);
        }
        var page = await PageAsync(rig, answers: 5);
        Apis(page).ShouldBe(["-", "acme/api1", "acme/weather", "built-in", "health", "other"]);
        page.Value(Requests, ("api", "other"), ("status", "2xx")).ShouldBe(3);

        rig.Routes.Apis.RemoveAll(api => api.ApiSlug == "api1");
        await rig.Get<Routes>().LoadAsync(Never);
        Apis(Read(rig)).ShouldContain("acme/api1");
        clock.Advance(TimeSpan.FromMinutes(14));
        Apis(Read(rig)).ShouldContain("acme/api1");
        clock.Advance(TimeSpan.FromMinutes(2));
        Apis(Read(rig)).ShouldBe(["-", "acme/weather", "built-in", "health", "other"]);

        // Its place is for another one, from the next call on.
        var next = GatewayRig.Call("/x");
        next.RequestUri = new Uri("/acme/api3/x", UriKind.Relative);
        await SendAsync(rig, next);
        (await PageAsync(rig, answers: 5)).Value(Requests, ("api", "acme/api3"), ("status", "2xx")).ShouldBe(1);
    }

    [Fact]
    public void Durations_AreInTheBucketThatTheirBoundSays()
    {
        var figures = new ApiFigures("acme/weather");
        foreach (var micros in new long[] { 0, 1000, 1001, 2500, 60_000_000, 60_000_001 })
            figures.Ended(200, micros);
        figures.Ended(999, 5);
        var page = new MetricPage();
        page.Histograms("x", "X.");
        page.AddHistogram(ApiFigures.Bounds, figures.Read().Buckets(1), figures.Read().SumSeconds(1));
        var read = Exposition.Parse(page.ToString());
        read.Value("x_bucket", ("le", "0.001")).ShouldBe(2);
        read.Value("x_bucket", ("le", "0.0025")).ShouldBe(4);
        read.Value("x_bucket", ("le", "30")).ShouldBe(4);
        read.Value("x_bucket", ("le", "60")).ShouldBe(5);
        read.Value("x_bucket", ("le", "+Inf")).ShouldBe(6);
        read.Value("x_sum").ShouldBe(120.004502, 1e-9);
        figures.Read().Count(4).ShouldBe(1);
    }

    [Fact]
    public async Task ManyAtOnce_NoneIsMissed()
    {
        var figures = new ApiFigures("acme/weather");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50_000; i++)
            {
                figures.Ended(200 + i % 2 * 300, 10);
                figures.Moved(1, 2);
            }
        })));
        var read = figures.Read();
        (read.Count(1), read.Count(4), read.BytesIn, read.BytesOut).ShouldBe((200_000, 200_000, 400_000, 800_000));
        read.SumSeconds(1).ShouldBe(2, 1e-9);
    }

    private static List<string> Apis(Exposition page) =>
        [.. page.Families["tollgate_gateway_sent_bytes_total"].Samples.Select(sample => sample.Labels["api"]).Order(StringComparer.Ordinal)];

    private static async Task<HttpStatusCode> SendAsync(GatewayRig rig, HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await rig.Client.SendAsync(request, Never);
            await response.Content.ReadAsByteArrayAsync(Never);
            return response.StatusCode;
        }
    }

    // A call is counted when it has ended, which its client may know before.
    private static async Task<Exposition> PageAsync(GatewayRig rig, int answers)
    {
        await GatewayRig.EventuallyAsync(() => Read(rig).Sum(Requests) >= answers);
        var page = Read(rig);
        page.Sum(Requests).ShouldBe(answers);
        return page;
    }

    private static Exposition Read(GatewayRig rig)
    {
        var page = new MetricPage();
        rig.Get<GatewayMetricsPage>().WriteTo(page);
        return Exposition.Parse(page.ToString());
    }
}
