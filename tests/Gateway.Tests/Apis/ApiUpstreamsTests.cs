using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Tests.Apis;

public sealed class ApiUpstreamsTests(ControlServer server) : IClassFixture<ControlServer>
{
    private static readonly object Two = new
    {
        targets = new object[] { new { url = "https://a.example.com/base", weight = 3 }, new { url = "http://b.example.com" } },
        balancing = "least_requests",
        health = new { active = new { path = "/healthz", interval_seconds = 5 }, passive = new { failures = 2, gateway_errors = true } },
    };

    [Fact]
    public async Task NewApi_HasItsOneAddress()
    {
        var (id, api) = await CreateAsync();
        var (status, upstreams, response) = await server.SendAsync(HttpMethod.Get, $"/api/apis/{id}/upstreams");

        status.ShouldBe(200);
        response.Headers.ETag!.ToString().ShouldBe("\"1\"");
        var target = upstreams.GetProperty("targets").EnumerateArray().ShouldHaveSingleItem();
        target.GetProperty("url").GetString().ShouldBe(api.GetProperty("upstream_url").GetString());
        // This node does not serve it.
        target.GetProperty("state").ValueKind.ShouldBe(JsonValueKind.Null);
        upstreams.GetProperty("health").GetProperty("active").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Put_IsShownWithItsDefaultsAndIsANewVersion()
    {
        var (id, _) = await CreateAsync();
        var (status, put, response) = await server.SendAsync(HttpMethod.Put, $"/api/apis/{id}/upstreams", Two, "\"1\"");

        status.ShouldBe(200, put.ToString());
        response.Headers.ETag!.ToString().ShouldBe("\"2\"");
        var (_, got, _) = await server.SendAsync(HttpMethod.Get, $"/api/apis/{id}/upstreams");
        got.ToString().ShouldBe(put.ToString());
        got.GetProperty("targets").EnumerateArray().Select(target => (target.GetProperty("url").GetString(), target.GetProperty("weight").GetInt32()))
            .ShouldBe([("https://a.example.com/base", 3), ("http://b.example.com", 1)]);
        got.GetProperty("balancing").GetString().ShouldBe("least_requests");
        got.GetProperty("health").ToString().ShouldBe("""{"active":{"path":"/healthz","interval_seconds":5,"timeout_ms":2000,"healthy_after":2,"unhealthy_after":3,"status_from":200,"status_to":399},"passive":{"failures":2,"cool_off_seconds":10,"max_cool_off_seconds":300,"gateway_errors":true}}""");
        var (_, api, _) = await server.SendAsync(HttpMethod.Get, $"/api/apis/{id}");
        (api.GetProperty("upstream_url").GetString(), api.GetProperty("version").GetInt32()).ShouldBe(("https://a.example.com/base", 2));
    }

    [Fact]
    public async Task Put_OneAddressAgain_IsTheShortFormAgain()
    {
        var (id, _) = await CreateAsync();
        await server.SendAsync(HttpMethod.Put, $"/api/apis/{id}/upstreams", Two, "*");
        var (status, _, _) = await server.SendAsync(HttpMethod.Put, $"/api/apis/{id}/upstreams", new { targets = new[] { new { url = "https://only.example.com" } } }, "*");
        status.ShouldBe(200);
        var (edited, api, _) = await server.SendAsync(HttpMethod.Patch, $"/api/apis/{id}", new { upstream_url = "https://moved.example.com" }, "*");
        (edited, api.GetProperty("upstream_url").GetString()).ShouldBe((200, "https://moved.example.com"));
    }

    [Fact]
    public async Task PatchOfTheAddress_OfAnApiWithSeveral_IsRefusedUnlessItStays()
    {
        var (id, _) = await CreateAsync();
        await server.SendAsync(HttpMethod.Put, $"/api/apis/{id}/upstreams", Two, "*");

        var (status, problem, _) = await server.SendAsync(HttpMethod.Patch, $"/api/apis/{id}", new { upstream_url = "https://c.example.com" }, "*");
        (status, problem.GetProperty("code").GetString()).ShouldBe((409, "SEVERAL_UPSTREAMS"));
        (await server.SendAsync(HttpMethod.Patch, $"/api/apis/{id}", new { upstream_url = "https://a.example.com/base", timeout_ms = 500 }, "*")).Status.ShouldBe(200);
        var (_, upstreams, _) = await server.SendAsync(HttpMethod.Get, $"/api/apis/{id}/upstreams");
        upstreams.GetProperty("targets").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task PatchOfTheAddress_OfOneWithAHealthCheck_KeepsTheCheck()
    {
        var (id, _) = await CreateAsync();
        await server.SendAsync(HttpMethod.Put, $"/api/apis/{id}/upstreams", new { targets = new[] { new { url = "https://a.example.com" } }, health = new { active = new { path = "/up" } } }, "*");
        await server.SendAsync(HttpMethod.Patch, $"/api/apis/{id}", new { upstream_url = "https://b.example.com" }, "*");

        var (_, upstreams, _) = await server.SendAsync(HttpMethod.Get, $"/api/apis/{id}/upstreams");
        upstreams.GetProperty("targets")[0].GetProperty("url").GetString().ShouldBe("https://b.example.com");
        upstreams.GetProperty("health").GetProperty("active").GetProperty("path").GetString().ShouldBe("/up");
    }

    [Fact]
    public async Task Put_BadInput_NamesEveryField()
    {
        var (id, _) = await CreateAsync();
        var (status, problem, _) = await server.SendAsync(HttpMethod.Put, $"/api/apis/{id}/upstreams", new
        {
            targets = new object?[] { new { url = "https://a.example.com", weight = 0 }, new { url = "ftp://b.example.com" }, new { url = "https://u:p@c.example.com" }, new { url = "https://a.example.com/" }, null },
            balancing = "random",
            health = new
            {
                active = new { path = "healthz", interval_seconds = 0, timeout_ms = 1, healthy_after = 11, unhealthy_after = 0, status_from = 300, status_to = 204 },
                passive = new { failures = 0, cool_off_seconds = 60, max_cool_off_seconds = 30 },
            },
        }, "*");

        status.ShouldBe(422);
        problem.GetProperty("errors").EnumerateArray().Select(error => $"{error.GetProperty("path").GetString()} {error.GetProperty("code").GetString()}").ShouldBe(
        [
            "targets[0].weight OUT_OF_RANGE", "targets[1].url URL_INVALID", "targets[2].url URL_CREDENTIALS", "targets[3].url DUPLICATE", "targets[4].url REQUIRED", "balancing UNKNOWN_VALUE",
            "health.active.path PATH_INVALID", "health.active.interval_seconds OUT_OF_RANGE", "health.active.timeout_ms OUT_OF_RANGE", "health.active.healthy_after OUT_OF_RANGE",
            "health.active.unhealthy_after OUT_OF_RANGE", "health.active.status_to OUT_OF_RANGE", "health.passive.failures OUT_OF_RANGE", "health.passive.max_cool_off_seconds OUT_OF_RANGE",
        ], ignoreOrder: true);
    }

    [Theory]
    [InlineData(0, "REQUIRED")]
    [InlineData(17, "TOO_MANY")]
    public async Task Put_TooFewOrTooMany_IsRefused(int count, string code)
    {
        var (id, _) = await CreateAsync();
        var targets = Enumerable.Range(0, count).Select(number => new { url = $"https://{number}.example.com" });
        var (status, problem, _) = await server.SendAsync(HttpMethod.Put, $"/api/apis/{id}/upstreams", new { targets }, "*");
        (status, problem.GetProperty("errors")[0].GetProperty("code").GetString()).ShouldBe((422, code));
    }

    [Theory]
    [InlineData(null, 428)]
    [InlineData("\"7\"", 412)]
    public async Task Put_OfAnotherVersion_IsRefused(string? ifMatch, int expected)
    {
        var (id, _) = await CreateAsync();
        (await server.SendAsync(HttpMethod.Put, $"/api/apis/{id}/upstreams", Two, ifMatch)).Status.ShouldBe(expected);
        (await server.SendAsync(HttpMethod.Get, $"/api/apis/{id}/upstreams")).Body.GetProperty("version").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task AnotherOrganization_FindsNothing()
    {
        var (id, _) = await CreateAsync();
        using var registered = await server.Server.Client.PostAsJsonAsync("/auth/register", new { email = $"eve{id}@example.com", password = "correct horse battery staple", name = "Eve" });
        var token = (await registered.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put })
        {
            using var request = new HttpRequestMessage(method, $"/api/apis/{id}/upstreams");
            request.Headers.Authorization = new("Bearer", token);
            if (method == HttpMethod.Put)
            {
                request.Content = JsonContent.Create(Two);
                request.Headers.TryAddWithoutValidation("If-Match", "*");
            }
            using var response = await server.Server.Client.SendAsync(request);
            ((int)response.StatusCode).ShouldBe(404);
            (await response.Content.ReadAsStringAsync()).ShouldNotContain("127.0.0.1");
        }
    }

    [Fact]
    public async Task PrivateAddresses_AreAllNamedAtOnce()
    {
        var check = new UpstreamAddressCheck(new UpstreamAddressPolicy(new ConfigurationBuilder().Build(), TimeProvider.System), TimeProvider.System);
        var failure = await check.CheckAsync(
            new[] { "http://127.0.0.1", "https://93.184.216.34", "http://169.254.169.254/latest", "https://localhost" }.Select((url, index) => ($"targets[{index}].url", new Uri(url))), CancellationToken.None);

        failure.ShouldNotBeNull().Code.ShouldBe("UPSTREAM_ADDRESS_FORBIDDEN");
        failure.Errors!.Select(error => error.Path).ShouldBe(["targets[0].url", "targets[2].url", "targets[3].url"]);
    }

    private async Task<(string Id, JsonElement Api)> CreateAsync()
    {
        var api = await server.CreateAsync();
        return (api.GetProperty("id").GetString()!, api);
    }
}
