using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Sessions;

public sealed class CookieSessionTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task Login_ForCookies_SetsHttpOnlyStrictCookiesAndNoTokenInTheBody()
    {
        var (response, cookies) = await SignInAsync("cookie@example.com");
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        body.GetProperty("access_token").ValueKind.ShouldBe(JsonValueKind.Null);
        body.GetProperty("refresh_token").ValueKind.ShouldBe(JsonValueKind.Null);
        var set = response.Headers.GetValues("Set-Cookie").ToList();
        set.Single(c => c.StartsWith("tg_access=", StringComparison.Ordinal)).ShouldContain("httponly");
        set.Single(c => c.StartsWith("tg_refresh=", StringComparison.Ordinal)).ShouldContain("path=/auth");
        set.Single(c => c.StartsWith("tg_csrf=", StringComparison.Ordinal)).ShouldNotContain("httponly");
        set.ShouldAllBe(c => c.Contains("samesite=strict", StringComparison.Ordinal));
        using var me = await SendAsync(HttpMethod.Get, "/me", cookies, csrf: null);
        ((int)me.StatusCode).ShouldBe(200);
    }

    [Fact]
    public async Task Cookies_WithTls_AreOfThisHostAlone()
    {
        await identity.RegisterAsync("tls@example.com");
        var login = new { email = "tls@example.com", password = IdentityServer.Password };
        using var response = await identity.PostAsync("/auth/login", login, null, ("Tollgate-Session", "cookie"), ("Host", "tollgate.example"));
        var set = response.Headers.GetValues("Set-Cookie").ToList();
        set.Select(line => line.Split('=')[0]).ShouldBe(["__Host-tg_device", "__Host-tg_access", "__Host-tg_refresh", "__Host-tg_csrf"], ignoreOrder: true);
        set.ShouldAllBe(line => line.Contains("; secure", StringComparison.Ordinal) && line.Contains("; path=/;", StringComparison.Ordinal) && !line.Contains("domain", StringComparison.Ordinal));
        var cookies = string.Join("; ", set.Select(line => line.Split(';')[0]));
        await IdentityServer.BodyAsync(identity.SendAsync(HttpMethod.Get, "/me", null, null, ("Cookie", cookies), ("Host", "tollgate.example")));
        // Another host of the domain can set a cookie without the prefix, and it says nothing.
        foreach (var (path, method) in new[] { ("/me", HttpMethod.Get), ("/auth/refresh", HttpMethod.Post) })
        {
            using var refused = await identity.SendAsync(method, path, null, null, ("Cookie", cookies.Replace("__Host-", "", StringComparison.Ordinal)), ("Host", "tollgate.example"), ("Tollgate-Session", "cookie"));
            ((int)refused.StatusCode).ShouldBe(401, path);
        }
        using var refreshed = await identity.SendAsync(HttpMethod.Post, "/auth/refresh", null, null, ("Cookie", cookies), ("Host", "tollgate.example"), ("Tollgate-Session", "cookie"));
        ((int)refreshed.StatusCode).ShouldBe(200);
        refreshed.Headers.GetValues("Set-Cookie").Count(line => line.StartsWith("__Host-", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Fact]
    public async Task Cookies_WhereThePortalHasAnHttpsAddress_AreSecureWhateverHostTheProxyNames()
    {
        await using var behindProxy = await TestServer.StartAsync(identity.Database, (services, configuration) => services.AddIdentity(configuration), app => app.MapIdentity(), identity.Clock,
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["Portal:PublicUrl"] = "https://tollgate.example" });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/mail-sign-in") { Content = JsonContent.Create(new { email = "proxy@example.com" }), Headers = { { "Tollgate-Session", "cookie" } } };
        using var response = await behindProxy.Client.SendAsync(request);
        var line = response.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem();
        line.ShouldStartWith("__Host-tg_sign_in=");
        line.ShouldContain("; path=/; secure; samesite=strict; httponly");
    }

    [Fact]
    public async Task Logout_WithTls_ClearsTheCookiesThatItSet()
    {
        using var response = await identity.SendAsync(HttpMethod.Post, "/auth/logout", null, null, ("Host", "tollgate.example"), ("Tollgate-Session", "cookie"));
        ((int)response.StatusCode).ShouldBe(204);
        var cleared = response.Headers.GetValues("Set-Cookie").ToList();
        // Without these a browser takes no line about such a name, and would keep what it has.
        cleared.Select(line => line.Split('=')[0]).ShouldBe(["__Host-tg_access", "__Host-tg_refresh", "__Host-tg_csrf"], ignoreOrder: true);
        cleared.ShouldAllBe(line => line.Contains("=; expires=Thu, 01 Jan 1970", StringComparison.Ordinal) && line.Contains("; secure", StringComparison.Ordinal) && line.Contains("; path=/;", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Unsafe_WithCookieButWithoutOrWithForeignCsrfToken_ChangesNothing()
    {
        var (_, cookies) = await SignInAsync("csrf@example.com");
        var (_, others) = await SignInAsync("csrf-other@example.com");
        foreach (var csrf in new[] { null, "", "guess", others["tg_csrf"] })
        {
            using var refused = await SendAsync(HttpMethod.Post, "/auth/logout?everywhere=true", cookies, csrf);
            using var me = await SendAsync(HttpMethod.Get, "/me", cookies, csrf: null);
            ((int)me.StatusCode).ShouldBe(200);
        }
        using var ended = await SendAsync(HttpMethod.Post, "/auth/logout", cookies, cookies["tg_csrf"]);
        ((int)ended.StatusCode).ShouldBe(204);
        using var after = await SendAsync(HttpMethod.Get, "/me", cookies, csrf: null);
        ((int)after.StatusCode).ShouldBe(401);
    }

    [Fact]
    public async Task Refresh_ByCookie_NeedsTheHeaderThatAForeignPageCannotSend()
    {
        var (_, cookies) = await SignInAsync("cookie-refresh@example.com");
        using var without = await SendAsync(HttpMethod.Post, "/auth/refresh", cookies, csrf: null);
        await IdentityServer.ProblemAsync(without, 401, "REFRESH_TOKEN_MISSING");
        using var with = await SendAsync(HttpMethod.Post, "/auth/refresh", cookies, csrf: null, wantCookies: true);
        ((int)with.StatusCode).ShouldBe(200);
        with.Headers.GetValues("Set-Cookie").Count().ShouldBe(3);
    }

    [Fact]
    public async Task Refresh_WithoutAToken_ClearsWhatElseThereIs()
    {
        using var refused = await identity.SendAsync(HttpMethod.Post, "/auth/refresh", null, null, ("Cookie", "__Host-tg_csrf=stale"), ("Host", "tollgate.example"), ("Tollgate-Session", "cookie"));
        await IdentityServer.ProblemAsync(refused, 401, "REFRESH_TOKEN_MISSING");
        refused.Headers.GetValues("Set-Cookie").ShouldContain(line => line.StartsWith("__Host-tg_csrf=; expires=Thu, 01 Jan 1970", StringComparison.Ordinal));
    }

    private async Task<(HttpResponseMessage Response, Dictionary<string, string> Cookies)> SignInAsync(string email)
    {
        await identity.RegisterAsync(email);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/login") { Content = JsonContent.Create(new { email, password = IdentityServer.Password }) };
        request.Headers.Add("Tollgate-Session", "cookie");
        var response = await identity.Client.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(200);
        return (response, response.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0].Split('=', 2)).ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1]), StringComparer.Ordinal));
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Dictionary<string, string> cookies, string? csrf, bool wantCookies = false)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Cookie", string.Join("; ", cookies.Select(c => $"{c.Key}={c.Value}")));
        if (csrf is not null)
            request.Headers.Add("X-CSRF-Token", csrf);
        if (wantCookies)
            request.Headers.Add("Tollgate-Session", "cookie");
        return identity.Client.SendAsync(request);
    }
}
