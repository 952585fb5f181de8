using System.Diagnostics;
using System.Globalization;
using System.Net;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>The page of the running program: all parts on it, in both formats, strictly read.</summary>
public sealed class MetricsTests
{
    private const string Token = "a-token-of-the-operator";
    private const string Requests = "tollgate_gateway_requests_total";
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact(Timeout = 120_000)]
    public async Task ThePageTellsWhatTheProgramDid()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        var listener = FreeAddress();
        await using var program = await RunningProgram.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Metrics__Token"] = Token, ["Metrics__Url"] = listener.ToString() });
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("month", 5));
        var api = new Uri(market.GatewayUrl).AbsolutePath.Trim('/');
        using var http = RunningProgram.NewClient(program.Gateway);

        await SendAsync(http, market.Call("/small"), HttpStatusCode.OK);
        await SendAsync(http, market.Call("/stream?events=3"), HttpStatusCode.OK);
        await SendAsync(http, market.Call("/status/404"), HttpStatusCode.NotFound);
        var upload = market.Call("/echo");
        (upload.Method, upload.Content) = (HttpMethod.Post, new ByteArrayContent(new byte[200_000]));
        await SendAsync(http, upload, HttpStatusCode.OK);
        await SendAsync(http, market.Call("/status/503"), HttpStatusCode.ServiceUnavailable);
        await SendAsync(http, market.Call("/small"), HttpStatusCode.TooManyRequests);
        await SendAsync(http, new HttpRequestMessage(HttpMethod.Get, market.GatewayUrl + "/small"), HttpStatusCode.Unauthorized);
        (await market.SettledRequestsAsync(program, 5)).ShouldBe(5);

        foreach (var openMetrics in new[] { false, true })
        {
            var page = await PageAsync(program.Control, Token, openMetrics);
            page.Value(Requests, ("api", api), ("status", "2xx")).ShouldBe(3);
            page.Value(Requests, ("api", api), ("status", "4xx")).ShouldBe(3);
            page.Value(Requests, ("api", api), ("status", "5xx")).ShouldBe(1);
            page.Value("tollgate_gateway_refusals_total", ("api", api), ("code", "RATE_LIMITED"), ("reason", "quota")).ShouldBe(1);
            page.Value("tollgate_gateway_refusals_total", ("api", api), ("code", "KEY_MISSING"), ("reason", "")).ShouldBe(1);
            page.Value("tollgate_gateway_received_bytes_total", ("api", api)).ShouldBe(200_000);
            page.Value("tollgate_gateway_sent_bytes_total", ("api", api)).ShouldBeGreaterThan(200_000 + 11);
            page.Value("tollgate_usage_shipped_events_total").ShouldBe(6);
            page.Value("tollgate_usage_rejected_records_total").ShouldBe(0);
            page.Value("tollgate_usage_default_partition_rows").ShouldBe(0);
            page.Value("tollgate_journal_writable").ShouldBe(1);
            page.Value("tollgate_journal_open_streams").ShouldBe(0);
            page.Value("tollgate_journal_shipped_position_bytes").ShouldBeGreaterThan(0);
            page.Value("tollgate_admission_keys").ShouldBe(1);
            page.Value("tollgate_change_feed_loaded").ShouldBe(1);
            page.Value("tollgate_ready").ShouldBe(1);
            page.Find("tollgate_redis_joined").ShouldBeNull();
            foreach (var family in new[] { "tollgate_journal_lag_bytes", "tollgate_journal_lag_seconds", "tollgate_journal_fsync_lag_bytes", "tollgate_change_feed_staleness_seconds", "dotnet_gc_heap_bytes" })
                page.Value(family).ShouldBeGreaterThanOrEqualTo(0, family);
            page.Families["tollgate_build_info"].Samples.ShouldHaveSingleItem().Labels["version"].ShouldNotBeEmpty();
            page.Families.Values.SelectMany(family => family.Samples).SelectMany(sample => sample.Labels.Values)
                .ShouldAllBe(label => !label.Contains(market.SubscriptionId, StringComparison.Ordinal) && !label.Contains(market.Key, StringComparison.Ordinal));
        }
        (await PageAsync(listener, token: null, openMetrics: false)).Sum(Requests, ("api", api)).ShouldBe(7);
    }

    [Fact(Timeout = 120_000)]
    public async Task AGatewayNodeAlone_HasThePageToo()
    {
        var listener = FreeAddress();
        await using var program = await RunningProgram.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tollgate__Roles"] = "gateway", ["Metrics__Url"] = listener.ToString() });
        using var http = RunningProgram.NewClient(program.Gateway);
        await SendAsync(http, new HttpRequestMessage(HttpMethod.Get, "/nobody/nothing"), HttpStatusCode.NotFound);

        var page = await PageAsync(listener, token: null, openMetrics: false);
        // A call ends a moment after its client has its answer.
        for (var watch = Stopwatch.StartNew(); page.Find(Requests, ("api", "-"), ("status", "4xx")) is null or 0 && watch.Elapsed < TimeSpan.FromSeconds(60); await Task.Delay(20, Never))
            page = await PageAsync(listener, token: null, openMetrics: false);
        page.Value(Requests, ("api", "-"), ("status", "4xx")).ShouldBe(1);
        page.Value("tollgate_ready_check", ("check", "admission")).ShouldBe(1);
        page.Value("tollgate_ready_check", ("check", "journal")).ShouldBe(1);
        using var control = RunningProgram.NewClient(program.Control);
        (await control.GetAsync(new Uri("/metrics", UriKind.Relative), Never)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private static async Task SendAsync(HttpClient http, HttpRequestMessage request, HttpStatusCode expected)
    {
        using (request)
        {
            using var response = await http.SendAsync(request, Never);
            var text = await response.Content.ReadAsStringAsync(Never);
            response.StatusCode.ShouldBe(expected, text[..Math.Min(300, text.Length)]);
        }
    }

    private static async Task<Exposition> PageAsync(Uri server, string? token, bool openMetrics)
    {
        using var http = RunningProgram.NewClient(server);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        request.Headers.TryAddWithoutValidation("Accept", openMetrics ? "application/openmetrics-text; version=1.0.0" : "text/plain");
        using var response = await http.SendAsync(request, Never);
        var text = await response.Content.ReadAsStringAsync(Never);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return Exposition.Parse(text, openMetrics);
    }

    private static Uri FreeAddress() => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Take()}"));
}
