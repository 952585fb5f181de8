using System.Net.Http.Json;
using System.Text.Json;

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
        using var refused = await identity.SendAsync(HttpMethod.Get, "/me", null, null, ("Cookie", cookies.Replace("__Host-", "", StringComparison.Ordinal)), ("Host", "tollgate.example"), ("Tollgate-Session", "cookie"));
        ((int)refused.StatusCode).ShouldBe(401);
        using var refreshed = await identity.SendAsync(HttpMethod.Post, "/auth/refresh", null, null, ("Cookie", cookies), ("Host", "tollgate.example"), ("Tollgate-Session", "cookie"));
        ((int)refreshed.StatusCode).ShouldBe(200);
        refreshed.Headers.GetValues("Set-Cookie").Count(line => line.StartsWith("__Host-", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Fact]
    public async Task Cookies_OfTheReleaseWithoutThePrefix_AreTakenWhereThereIsNoOtherAndGivenANewName()
    {
        var (_, former) = await SignInAsync("former@example.com");
        var (_, others) = await SignInAsync("former-other@example.com");
        string Sent(params string[] names) => string.Join("; ", names.Select(name => $"{name}={former[name]}"));
        using var refreshed = await TlsAsync("/auth/refresh", Sent("tg_access", "tg_refresh", "tg_csrf"));
        ((int)refreshed.StatusCode).ShouldBe(200);
        var set = refreshed.Headers.GetValues("Set-Cookie").ToList();
        Deleted(set).ShouldBe(["tg_access /", "tg_csrf /", "tg_refresh /auth"]);
        set.Where(line => !line.Contains("expires=Thu, 01 Jan 1970", StringComparison.Ordinal)).Select(line => line.Split('=')[0]).ShouldBe(["__Host-tg_access", "__Host-tg_refresh", "__Host-tg_csrf"], ignoreOrder: true);

        // The new name is the one that counts: a former one beside it is not looked at.
        using var foreign = await TlsAsync("/auth/refresh", $"__Host-tg_refresh=nobody; tg_refresh={others["tg_refresh"]}");
        await IdentityServer.ProblemAsync(foreign, 401, "REFRESH_TOKEN_INVALID");
        Deleted(foreign.Headers.GetValues("Set-Cookie")).ShouldBe(["__Host-tg_access /", "__Host-tg_csrf /", "__Host-tg_refresh /", "tg_access /", "tg_csrf /", "tg_refresh /auth"]);

        // The browser is the one that it was.
        using var again = await identity.PostAsync("/auth/login", new { email = "former@example.com", password = IdentityServer.Password }, null, ("Cookie", Sent("tg_device")), ("Host", "tollgate.example"), ("Tollgate-Session", "cookie"));
        var known = again.Headers.GetValues("Set-Cookie").ToList();
        known.ShouldContain(line => line.StartsWith($"__Host-tg_device={former["tg_device"]};", StringComparison.Ordinal));
        Deleted(known).ShouldBe(["tg_device /auth"]);
    }

    [Fact]
    public async Task Refresh_WithoutAToken_ClearsWhatElseThereIs()
    {
        using var refused = await TlsAsync("/auth/refresh", "tg_csrf=stale");
        await IdentityServer.ProblemAsync(refused, 401, "REFRESH_TOKEN_MISSING");
        Deleted(refused.Headers.GetValues("Set-Cookie")).ShouldContain("tg_csrf /");
    }

    [Fact]
    public async Task Logout_WithTheFormerCookie_EndsItsSession()
    {
        var (_, former) = await SignInAsync("former-logout@example.com");
        using var ended = await TlsAsync("/auth/logout", $"tg_refresh={former["tg_refresh"]}");
        ((int)ended.StatusCode).ShouldBe(204);
        Deleted(ended.Headers.GetValues("Set-Cookie")).ShouldContain("tg_refresh /auth");
        using var me = await SendAsync(HttpMethod.Get, "/me", former, csrf: null);
        ((int)me.StatusCode).ShouldBe(401);
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

    private Task<HttpResponseMessage> TlsAsync(string path, string cookies) =>
        identity.SendAsync(HttpMethod.Post, path, null, null, ("Cookie", cookies), ("Host", "tollgate.example"), ("Tollgate-Session", "cookie"));

    private static IEnumerable<string> Deleted(IEnumerable<string> set) => set.Where(line => line.Contains("expires=Thu, 01 Jan 1970", StringComparison.Ordinal))
        .Select(line => line.Split(';').Select(part => part.Trim()).ToList()).Select(parts => $"{parts[0].Split('=')[0]} {parts.Single(part => part.StartsWith("path=", StringComparison.Ordinal))[5..]}").Order(StringComparer.Ordinal);

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
