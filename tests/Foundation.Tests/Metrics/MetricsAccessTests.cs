using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation.Metrics;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Metrics;

/// <summary>Who sees the page: whoever has the token, and whoever reaches the listener.</summary>
public sealed class MetricsAccessTests
{
    private const string Token = "a-token-of-the-operator";
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public async Task WithoutAToken_TheControlPortKnowsNoSuchAddress()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await StartAsync(database, token: null, url: null);
        using var response = await GetAsync(server.Client, "/metrics", "whatever-it-may-be");
        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a-token-of-the-operato")]
    [InlineData("a-token-of-the-operator2")]
    [InlineData("A-TOKEN-OF-THE-OPERATOR")]
    public async Task WithAWrongToken_Is401WithAProblem(string? sent)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await StartAsync(database, Token, url: null);
        using var response = await GetAsync(server.Client, "/metrics", sent);
        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        response.Headers.WwwAuthenticate.ToString().ShouldStartWith("Bearer");
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Never));
        problem.RootElement.GetProperty("code").GetString().ShouldBe("UNAUTHENTICATED");
        problem.RootElement.TryGetProperty("request_id", out _).ShouldBeTrue();
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("text/plain", false)]
    [InlineData("application/openmetrics-text", true)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1", true)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5", false)]
    [InlineData("application/openmetrics-text;version=7.0.0", false)]
    public async Task WithTheToken_ThePageComesInTheFormatThatIsAskedFor(string? accept, bool openMetrics)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await StartAsync(database, Token, url: null);
        using var response = await GetAsync(server.Client, "/metrics", Token, accept);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.ToString().ShouldBe(openMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8");
        var page = Exposition.Parse(await response.Content.ReadAsStringAsync(Never), openMetrics);
        page.Value("tollgate_ready").ShouldBe(1);
        page.Value("tollgate_ready_check", ("check", "change_feed")).ShouldBe(1);
        page.Value("process_cpu_seconds_total").ShouldBeGreaterThan(0);
        page.Value("process_resident_memory_bytes").ShouldBeGreaterThan(1e6);
    }

    [Fact]
    public async Task TheListenerOfItsOwn_AnswersThePageAndNothingElse()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await StartAsync(database, token: null, url: "http://127.0.0.1:0");
        using var http = RunningProgram.NewClient(new Uri(server.Services.GetRequiredService<MetricsListener>().Addresses.Single()));
        Exposition.Parse(await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Never)).Value("tollgate_ready").ShouldBe(1);
        foreach (var path in new[] { "/", "/metrics/", "/_api/healthz", "/_api/readyz", "/api/apis", "/METRICS" })
        {
            using var elsewhere = await http.GetAsync(new Uri(path, UriKind.Relative), Never);
            elsewhere.StatusCode.ShouldBe(HttpStatusCode.NotFound, path);
            elsewhere.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        }
        using var posted = await http.PostAsync(new Uri("/metrics", UriKind.Relative), content: null, Never);
        posted.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task ASourceThatFails_CostsThePageItsOwnFamiliesOnly()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await StartAsync(database, Token, url: null);
        using var response = await GetAsync(server.Client, "/metrics", Token);
        var page = Exposition.Parse(await response.Content.ReadAsStringAsync(Never));
        page.Families.Keys.ShouldNotContain("tollgate_half");
        page.Value("tollgate_ready").ShouldBe(1);
    }

    [Theory]
    [InlineData("short", null, "Metrics__Token")]
    [InlineData(null, "ftp://127.0.0.1:0", "Metrics__Url")]
    [InlineData(null, "http://metrics.example.com:9464", "Metrics__Url")]
    public async Task ASettingThatCannotBe_StopsTheStartAndSaysWhich(string? token, string? url, string named)
    {
        await using var database = await TestDatabase.CreateAsync();
        (await Should.ThrowAsync<StartupException>(() => StartAsync(database, token, url))).Message.ShouldContain(named);
    }

    private static Task<TestServer> StartAsync(TestDatabase database, string? token, string? url) =>
        TestServer.StartAsync(database, (services, _) => Add(services), app => app.MapMetrics(), clock: null,
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["Metrics:Token"] = token, ["Metrics:Url"] = url });

    private static void Add(IServiceCollection services)
    {
        services.AddMetricSource<Failing>().AddAuthorization();
        services.AddAuthentication();
    }

    private static Task<HttpResponseMessage> GetAsync(HttpClient http, string path, string? token, string? accept = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        return http.SendAsync(request, Never);
    }

    private sealed class Failing : IMetricSource
    {
        public void WriteTo(MetricPage page)
        {
            page.Gauges("tollgate_half", "Never whole.");
            throw new InvalidOperationException("half a family");
        }
    }
}
