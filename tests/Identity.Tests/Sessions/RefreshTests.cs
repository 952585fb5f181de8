using System.Net.Http.Json;
using System.Text.Json;

namespace Tollgate.Identity.Tests.Sessions;

public sealed class RefreshTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task Refresh_Active_RotatesAndTheNewOneWorks()
    {
        var first = IdentityServer.Text(await identity.RegisterAsync("rotate@example.com"), "refresh_token");
        var second = await RefreshedAsync(first);
        second.ShouldNotBe(first);
        (await RefreshedAsync(second)).ShouldNotBe(second);
    }

    [Fact]
    public async Task Refresh_TwentyAtOnce_OneSuccessorAndNobodyIsLoggedOut()
    {
        var first = IdentityServer.Text(await identity.RegisterAsync("parallel@example.com"), "refresh_token");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RefreshedAsync(first)));
        answers.Distinct(StringComparer.Ordinal).Count().ShouldBe(1);
        await RefreshedAsync(answers[0]);
    }

    [Fact]
    public async Task Refresh_ReplayAfterElevenSeconds_EndsTheFamily()
    {
        var registered = await identity.RegisterAsync("replay@example.com");
        var first = IdentityServer.Text(registered, "refresh_token");
        var second = await RefreshedAsync(first);
        identity.Clock.Advance(TimeSpan.FromSeconds(11));
        await RefusedAsync(first);
        await RefusedAsync(second);
        using var me = await identity.GetAsync("/me", IdentityServer.Text(registered, "access_token"));
        await IdentityServer.ProblemAsync(me, 401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task Refresh_GrandparentInsideTheWindow_EndsTheFamily()
    {
        var first = IdentityServer.Text(await identity.RegisterAsync("grandparent@example.com"), "refresh_token");
        var third = await RefreshedAsync(await RefreshedAsync(first));
        await RefusedAsync(first);
        await RefusedAsync(third);
    }

    [Fact]
    public async Task Refresh_AfterLogoutEverywhere_Is401()
    {
        var registered = await identity.RegisterAsync("everywhere@example.com");
        using var login = await identity.Client.PostAsJsonAsync("/auth/login", new { email = "everywhere@example.com", password = IdentityServer.Password });
        var other = IdentityServer.Text(await login.Content.ReadFromJsonAsync<JsonElement>(), "refresh_token");
        using var logout = new HttpRequestMessage(HttpMethod.Post, "/auth/logout?everywhere=true");
        logout.Headers.Authorization = new("Bearer", IdentityServer.Text(registered, "access_token"));
        ((int)(await identity.Client.SendAsync(logout)).StatusCode).ShouldBe(204);
        await RefusedAsync(other);
        await RefusedAsync(IdentityServer.Text(registered, "refresh_token"));
    }

    [Fact]
    public async Task Refresh_IdleForAMonth_Is401()
    {
        var first = IdentityServer.Text(await identity.RegisterAsync("idle@example.com"), "refresh_token");
        identity.Clock.Advance(TimeSpan.FromDays(30));
        await RefusedAsync(first);
    }

    [Fact]
    public async Task Refresh_UsedEachWeekForHalfAYear_EndsAll180Days()
    {
        var token = IdentityServer.Text(await identity.RegisterAsync("absolute@example.com"), "refresh_token");
        for (var week = 1; week <= 25; week++)
        {
            identity.Clock.Advance(TimeSpan.FromDays(7));
            token = await RefreshedAsync(token);
        }
        identity.Clock.Advance(TimeSpan.FromDays(7));
        await RefusedAsync(token);
    }

    [Fact]
    public async Task Refresh_ReplayInOneFamily_LeavesTheOthersOfTheAccountAlone()
    {
        var first = IdentityServer.Text(await identity.RegisterAsync("families@example.com"), "refresh_token");
        using var login = await identity.Client.PostAsJsonAsync("/auth/login", new { email = "families@example.com", password = IdentityServer.Password });
        var session = await login.Content.ReadFromJsonAsync<JsonElement>();
        var second = await RefreshedAsync(first);
        identity.Clock.Advance(TimeSpan.FromSeconds(11));
        await RefusedAsync(first);
        await RefusedAsync(second);
        using var me = await identity.GetAsync("/me", IdentityServer.Text(session, "access_token"));
        ((int)me.StatusCode).ShouldBe(200);
        await RefreshedAsync(IdentityServer.Text(session, "refresh_token"));
    }

    [Fact]
    public async Task Dump_OfTheWholeSchema_HoldsNoUsableToken()
    {
        var registered = await identity.RegisterAsync("dump@example.com");
        var refresh = IdentityServer.Text(registered, "refresh_token");
        var successor = await RefreshedAsync(refresh);
        var tables = new List<string>();
        await using (var list = identity.Database.OwnerOrSuperuser.CreateCommand("SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'identity' AND c.relkind = 'r'"))
        await using (var reader = await list.ExecuteReaderAsync(TestContext.Current.CancellationToken))
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
                tables.Add(reader.GetString(0));
        tables.ShouldContain("identity.refresh_token");
        foreach (var table in tables)
            foreach (var token in new[] { refresh, successor, IdentityServer.Text(registered, "access_token") })
            {
                var secret = token.StartsWith("tgr_", StringComparison.Ordinal) ? token[4..] : token.Split('.')[2];
                await using var search = identity.Database.OwnerOrSuperuser.CreateCommand($"SELECT count(*) FROM {table} t WHERE t::text LIKE '%' || $1 || '%' OR t::text LIKE '%' || $2 || '%'");
                search.Parameters.AddWithValue(secret);
                search.Parameters.AddWithValue(Convert.ToHexStringLower(System.Buffers.Text.Base64Url.DecodeFromChars(secret)));
                ((long)(await search.ExecuteScalarAsync(TestContext.Current.CancellationToken))!).ShouldBe(0, $"{table} holds {token}");
            }
    }

    [Theory]
    [InlineData("tgr_")]
    [InlineData("tgr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("nonsense")]
    public Task Refresh_UnknownToken_Is401(string token) => RefusedAsync(token);

    [Fact]
    public async Task AccessToken_AfterTenMinutes_Is401()
    {
        var access = IdentityServer.Text(await identity.RegisterAsync("expiry@example.com"), "access_token");
        identity.Clock.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(6));
        using var me = await identity.GetAsync("/me", access);
        await IdentityServer.ProblemAsync(me, 401, "UNAUTHENTICATED");
    }

    private async Task<string> RefreshedAsync(string token)
    {
        using var response = await identity.RefreshAsync(token);
        ((int)response.StatusCode).ShouldBe(200, await response.Content.ReadAsStringAsync());
        return IdentityServer.Text(await response.Content.ReadFromJsonAsync<JsonElement>(), "refresh_token");
    }

    private async Task RefusedAsync(string token)
    {
        using var response = await identity.RefreshAsync(token);
        await IdentityServer.ProblemAsync(response, 401, "REFRESH_TOKEN_INVALID");
    }
}
