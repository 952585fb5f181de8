using System.Net.Http.Json;
using System.Text.Json;

namespace Tollgate.Identity.Tests.Sessions;

public sealed class SessionListTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task List_NamesEachDeviceWithItsPlaceAndMarksThisOne()
    {
        await identity.RegisterAsync("devices@example.com");
        var fox = await SignInAsync("devices@example.com", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0");
        var devices = await DevicesAsync(fox);
        devices.Count.ShouldBe(2);
        var current = devices.Single(device => device.GetProperty("current").GetBoolean());
        (IdentityServer.Text(current, "device"), IdentityServer.Text(current, "address")).ShouldBe(("Firefox on Linux", "127.0.0.1"));
        (current.GetProperty("expires_at").GetDateTimeOffset() - current.GetProperty("created_at").GetDateTimeOffset()).ShouldBe(TimeSpan.FromDays(180));
    }

    [Fact]
    public async Task LastSeen_MovesWithUse_AtMostOnceAMinute()
    {
        var access = IdentityServer.Text(await identity.RegisterAsync("seen@example.com"), "access_token");
        var first = await SeenAsync(access);
        identity.Clock.Advance(TimeSpan.FromSeconds(59));
        (await SeenAsync(access)).ShouldBe(first);
        identity.Clock.Advance(TimeSpan.FromSeconds(1));
        (await SeenAsync(access)).ShouldBe(first + TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task EndOne_EndsItsAccessAndRefreshTokenAtOnce_AndNobodyElses()
    {
        var other = await identity.RegisterAsync("end-one@example.com");
        var access = await SignInAsync("end-one@example.com", "curl/8");
        var otherId = IdentityServer.Text((await DevicesAsync(access)).Single(device => !device.GetProperty("current").GetBoolean()), "id");
        var stranger = IdentityServer.Text(await identity.RegisterAsync("end-one-eve@example.com"), "access_token");
        (await SendAsync(HttpMethod.Delete, $"/auth/sessions/{otherId}", stranger)).ShouldBe(404);
        (await SendAsync(HttpMethod.Delete, $"/auth/sessions/{otherId}", access)).ShouldBe(204);
        (await SendAsync(HttpMethod.Get, "/me", IdentityServer.Text(other, "access_token"))).ShouldBe(401);
        using var refresh = await identity.RefreshAsync(IdentityServer.Text(other, "refresh_token"));
        await IdentityServer.ProblemAsync(refresh, 401, "REFRESH_TOKEN_INVALID");
        (await SendAsync(HttpMethod.Delete, $"/auth/sessions/{otherId}", access)).ShouldBe(404);
        (await SendAsync(HttpMethod.Get, "/me", access)).ShouldBe(200);
    }

    [Fact]
    public async Task EndOthersThenAll_LeaveOneThenNone()
    {
        var first = IdentityServer.Text(await identity.RegisterAsync("end-many@example.com"), "access_token");
        var second = await SignInAsync("end-many@example.com", "curl/8");
        (await SendAsync(HttpMethod.Post, "/auth/sessions/end-others", second)).ShouldBe(200);
        (await SendAsync(HttpMethod.Get, "/me", first)).ShouldBe(401);
        (await SendAsync(HttpMethod.Get, "/me", second)).ShouldBe(200);
        (await SendAsync(HttpMethod.Post, "/auth/sessions/end-all", second)).ShouldBe(200);
        (await SendAsync(HttpMethod.Get, "/me", second)).ShouldBe(401);
    }

    private async Task<DateTimeOffset> SeenAsync(string access) => (await DevicesAsync(access)).Single().GetProperty("last_seen_at").GetDateTimeOffset();

    private async Task<List<JsonElement>> DevicesAsync(string access)
    {
        using var response = await identity.GetAsync("/auth/sessions", access);
        return [.. (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data").EnumerateArray()];
    }

    private async Task<string> SignInAsync(string email, string agent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/login") { Content = JsonContent.Create(new { email, password = IdentityServer.Password }) };
        request.Headers.TryAddWithoutValidation("User-Agent", agent);
        using var response = await identity.Client.SendAsync(request);
        return IdentityServer.Text(await response.Content.ReadFromJsonAsync<JsonElement>(), "access_token");
    }

    private async Task<int> SendAsync(HttpMethod method, string path, string access)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new("Bearer", access);
        using var response = await identity.Client.SendAsync(request);
        return (int)response.StatusCode;
    }
}
