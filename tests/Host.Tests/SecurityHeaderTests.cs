using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>What every answer tells browsers, walked over: each endpoint of the control API, each page of the portal, and what both servers refuse by themselves.</summary>
[Collection(SharedProgram.Name)]
public sealed partial class SecurityHeaderTests(SharedProgram shared)
{
    // Nobody else of the shared program's tests is limited by what is asked here.
    private const string Elsewhere = "203.0.113.77";

    private static readonly string[] Everywhere = ["X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"];

    [Fact]
    public async Task ControlApi_EveryEndpoint_ToNobodyAndToSomebody()
    {
        using var nobody = Client();
        using var somebody = Client();
        var session = await Market.PostAsync(somebody, "/auth/register", new { email = "headers@example.com", password = "correct horse battery", name = "Headers" });
        somebody.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        var faults = new List<string>();
        var statuses = new HashSet<int>();
        foreach (var (method, path) in Endpoints())
            foreach (var client in method == HttpMethod.Get ? [nobody, somebody] : (HttpClient[])[nobody])
            {
                // A page of another origin asks: it is told nothing.
                using var request = new HttpRequestMessage(method, path) { Headers = { { "Origin", "https://evil.example" } } };
                using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                statuses.Add((int)response.StatusCode);
                faults.AddRange(Faults(response, "default-src 'none'").Concat(FaultsOfApi(response, client == somebody)).Select(fault => $"{method} {path} {(int)response.StatusCode}: {fault}"));
            }
        faults.ShouldBeEmpty();
        // Also what the framework and the filters answer.
        foreach (var status in new[] { 200, 401, 404, 422 })
            statuses.ShouldContain(status);
    }

    [Fact]
    public async Task Portal_EveryPage()
    {
        using var client = Client();
        var faults = new List<string>();
        var pages = RoutePath().Matches(await File.ReadAllTextAsync(Path.Combine(Root(), "portal", "src", "router.tsx"))).Select(match => Parameter().Replace(match.Groups["path"].Value, "some")).ToList();
        pages.Count.ShouldBeGreaterThan(20);
        foreach (var (page, accept) in pages.Append("/no/such/page").Select(page => (page, "text/html")).Append(("/script.js", "*/*")).Append(("/style.css", "*/*")).Append(("/image.svg", "*/*")))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, page);
            request.Headers.Accept.ParseAdd(accept);
            using var response = await client.SendAsync(request);
            response.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK, page);
            if (accept == "text/html")
                response.Content.Headers.ContentType?.MediaType.ShouldBe("text/html", page);
            faults.AddRange(Faults(response, "script-src 'self'; ").Select(fault => $"{page}: {fault}"));
        }
        faults.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("GET /docs/problems HTTP/1.1\r\nHost: a\r\n\r\n", 200)]
    [InlineData("GET /_api/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200)]
    [InlineData("GET /_api/readyz HTTP/1.1\r\nHost: a\r\n\r\n", 200)]
    [InlineData("GET /no/such HTTP/1.1\r\nHost: a\r\n\r\n", 404)]
    [InlineData("DELETE /me HTTP/1.1\r\nHost: a\r\n\r\n", 405)]
    [InlineData("TRACE /me HTTP/1.1\r\nHost: a\r\n\r\n", 405)]
    [InlineData("NOTHING\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/3.7\r\nHost: a\r\n\r\n", 505)]
    [InlineData("POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n", 413)]
    public async Task ControlServer_WhatItAnswersByItself(string request, int status)
    {
        var answer = await RawAnswer.ToAsync(shared.Program.Control, request);
        answer.Status.ShouldBe(status);
        foreach (var name in Everywhere.Append("X-Request-Id").Append("Cache-Control"))
            answer.Headers.ShouldContainKey(name);
        answer.Headers["Content-Security-Policy"].ShouldBe("default-src 'none'; frame-ancestors 'none'");
        answer.Headers.ShouldNotContainKey("Server");
    }

    [Fact]
    public async Task Gateway_WhatItAnswersItself()
    {
        using var market = await Market.OpenAsync(shared.Program, shared.Upstream.Address, Market.Deny("month", 1));
        using var away = await Market.OpenAsync(shared.Program, new Uri("http://127.0.0.1:1"), Market.Deny("month", 10));
        using var http = RunningProgram.NewClient(shared.Program.Gateway);
        await UntilServedAsync(http, market);
        await UntilServedAsync(http, away, 502);
        var path = new Uri(market.GatewayUrl).AbsolutePath;
        string Get(string target, string more = "") => $"GET {target} HTTP/1.1\r\nHost: a\r\n{more}\r\n";
        (string Request, int Status)[] cases =
        [
            (Get("/no/such/api"), 404), (Get("/"), 404), (Get($"{path}/small"), 401), (Get($"{path}/small", "X-Api-Key: tg_live_nothing\r\n"), 401), ($"HEAD {path}/small HTTP/1.1\r\nHost: a\r\n\r\n", 401),
            (Get($"{path}/small", $"X-Api-Key: {market.Key}\r\n"), 429), (Get($"{path}/../small", $"X-Api-Key: {market.Key}\r\n"), 400), (Get($"{path}/%2e%2e/small", $"X-Api-Key: {market.Key}\r\n"), 400),
            (Get($"{new Uri(away.GatewayUrl).AbsolutePath}/small", $"X-Api-Key: {away.Key}\r\n"), 502),
            ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501), ("NOTHING\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), (Get("/", $"X-Long: {new string('x', 70_000)}\r\n"), 431),
        ];
        foreach (var (request, status) in cases)
        {
            var answer = await RawAnswer.ToAsync(shared.Program.Gateway, request);
            var told = request[..Math.Min(80, request.Length)];
            answer.Status.ShouldBe(status, told);
            answer.Headers["Content-Type"].ShouldBe("application/problem+json", told);
            answer.Headers["X-Content-Type-Options"].ShouldBe("nosniff", told);
            answer.Headers["Content-Security-Policy"].ShouldBe("default-src 'none'; frame-ancestors 'none'", told);
            answer.Headers["Cache-Control"].ShouldBe("no-store", told);
            answer.Headers.ShouldContainKey("X-Request-Id", told);
            answer.Headers.ShouldNotContainKey("Server", told);
        }
    }

    [Theory]
    [InlineData("/api/v1/hello/ping")]
    [InlineData("/_api/healthz")]
    [InlineData("/api/v1/hello/echo?a=b")]
    public async Task Gateway_WhatItsOwnApiAnswers(string target)
    {
        var answer = await RawAnswer.ToAsync(shared.Program.Gateway, $"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        answer.Status.ShouldBe(200);
        answer.Headers["X-Content-Type-Options"].ShouldBe("nosniff");
        answer.Headers["Content-Security-Policy"].ShouldBe("default-src 'none'; frame-ancestors 'none'");
        answer.Headers["Cache-Control"].ShouldBe("no-store");
    }

    private static IEnumerable<string> Faults(HttpResponseMessage response, string policy)
    {
        string Value(string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : "";
        foreach (var name in Everywhere.Append("X-Request-Id").Append("Cache-Control"))
            if (Value(name).Length == 0 && !(name == "X-Request-Id" && policy.StartsWith("script", StringComparison.Ordinal)))
                yield return $"no {name}";
        var stated = Value("Content-Security-Policy");
        if (!stated.Contains(policy, StringComparison.Ordinal) || !stated.Contains("frame-ancestors 'none'", StringComparison.Ordinal) || stated.Contains("unsafe", StringComparison.Ordinal))
            yield return $"the policy is '{stated}'";
        if (Value("Server").Length > 0 || Value("X-Powered-By").Length > 0)
            yield return "says what it runs on";
        if (response.Content.Headers.ContentType is { CharSet: not "utf-8", MediaType: { } type } && (type.StartsWith("text/", StringComparison.Ordinal) || type.EndsWith("xml", StringComparison.Ordinal)))
            yield return $"{type} without its characters";
    }

    private static IEnumerable<string> FaultsOfApi(HttpResponseMessage response, bool signedIn)
    {
        if (response.Headers.Any(header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase)))
            yield return "opens itself to other origins";
        if (response.Content.Headers.ContentLength is not 0 && (int)response.StatusCode is not (202 or 204) && response.Content.Headers.ContentType is null)
            yield return "has a body of no type";
        if ((signedIn || !response.IsSuccessStatusCode) && response.Headers.CacheControl?.NoStore != true && response.Headers.CacheControl?.Public != true)
            yield return $"may be kept: {response.Headers.CacheControl}";
    }

    private static async Task UntilServedAsync(HttpClient http, Market market, int status = 200)
    {
        for (var tries = 0; ; tries++)
        {
            using var response = await http.SendAsync(market.Call("/small"));
            if ((int)response.StatusCode == status)
                return;
            tries.ShouldBeLessThan(3_000);
            await Task.Delay(20);
        }
    }

    private HttpClient Client()
    {
        var client = RunningProgram.NewClient(shared.Program.Control);
        client.DefaultRequestHeaders.Add("X-Forwarded-For", Elsewhere);
        return client;
    }

    private static IEnumerable<(HttpMethod Method, string Path)> Endpoints()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Root(), "docs", "openapi.json")));
        var found = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (new HttpMethod(operation.Name.ToUpperInvariant()), PathParameter().Replace(path.Name, "none")))).ToList();
        found.Count.ShouldBeGreaterThan(100);
        return found;
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));

    [GeneratedRegex(@"\bpath: ""(?<path>/[^""]*)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RoutePath();

    [GeneratedRegex(@"\$\w+", RegexOptions.None, 1000)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.None, 1000)]
    private static partial Regex PathParameter();
}
