using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Identity.ApiTokens;
using Tollgate.Identity.Tests.Organizations;

namespace Tollgate.Identity.Tests.ApiTokens;

public sealed class ApiTokenTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Fact]
    public async Task Create_IsShownOnceAndWorksWhereASessionDoes()
    {
        var ada = await server.PersonAsync();
        var (token, secret) = await CreateAsync(ada, ["organization:read"]);
        secret.Length.ShouldBe(40);
        secret.ShouldStartWith(IdentityServer.Text(token, "prefix"));
        (await SendAsync(secret, HttpMethod.Get, "/api/organizations")).Status.ShouldBe(200);
        var (_, me) = await SendAsync(secret, HttpMethod.Get, "/me");
        (IdentityServer.Text(me.GetProperty("account"), "email"), me.GetProperty("session").ValueKind).ShouldBe((ada.Email, JsonValueKind.Null));
        (await ada.GetAsync("/api/tokens")).Body.ToString().ShouldNotContain(secret);
        await RefusedAsync(secret, HttpMethod.Post, "/api/organizations", 403, "SCOPE_MISSING", new { name = "More" });
        await RefusedAsync(secret, HttpMethod.Get, "/api/tokens", 403, "SESSION_REQUIRED");
        await RefusedAsync(secret, HttpMethod.Get, "/auth/sessions", 403, "SESSION_REQUIRED");
    }

    [Fact]
    public async Task Creating_IsMailedToTheAccount()
    {
        var ada = await server.PersonAsync();
        var (token, secret) = await CreateAsync(ada, ["organization:read"]);
        var mail = server.Mails.Last(sent => sent.To == ada.Email);
        (mail.Kind, mail.IsDecoy).ShouldBe((AccountMailKind.SecurityChanged, false));
        mail.Values["change"].ShouldContain(IdentityServer.Text(token, "name"));
        mail.Values["change"].ShouldContain("organization:read");
        mail.Values["change"].ShouldNotContain(secret);
    }

    [Fact]
    public async Task Creating_ManyInAnHour_MailsTwenty()
    {
        var ada = await server.PersonAsync();
        for (var i = 0; i < 22; i++)
            await CreateAsync(ada, ["apis:read"]);
        server.Mails.Count(sent => sent.To == ada.Email && sent is { Kind: AccountMailKind.SecurityChanged, IsDecoy: false }).ShouldBe(20);
    }

    [Fact]
    public async Task Tokens_MadeAtOnce_AreNoMoreThanFifty()
    {
        var ada = await server.PersonAsync();
        for (var i = 0; i < 48; i++)
            await CreateAsync(ada, ["apis:read"]);
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ada.SendAsync(HttpMethod.Post, "/api/tokens", new { name = "CI", scopes = new[] { "apis:read" } })));
        answers.Select(answer => answer.Status).Order().ShouldBe([201, 201, 409, 409, 409, 409]);
    }

    [Fact]
    public async Task Writing_IncludesReading_AndActsAreWrittenDownAsTheTokens()
    {
        var ada = await server.PersonAsync();
        var (token, secret) = await CreateAsync(ada, ["organization:write"]);
        (await SendAsync(secret, HttpMethod.Get, "/api/organizations")).Status.ShouldBe(200);
        (await SendAsync(secret, HttpMethod.Post, "/api/organizations", new { name = "By token" })).Status.ShouldBe(201);
        var (_, entries, _) = await ada.GetAsync("/api/audit-log?action=organization.created");
        var entry = entries.GetProperty("data")[0];
        (IdentityServer.Text(entry, "means"), IdentityServer.Text(entry, "credential")).ShouldBe(("api_token", IdentityServer.Text(token, "id")));
    }

    [Fact]
    public async Task BoundToAnOrganization_SeesNoOther_AndEndsWithTheMembership()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "developer");
        var slug = IdentityServer.Text(organization, "slug");
        var (token, secret) = await CreateAsync(members[0], ["organization:write"], slug);
        var (_, seen) = await SendAsync(secret, HttpMethod.Get, "/api/organizations");
        IdentityServer.Text(seen.GetProperty("data").EnumerateArray().Single(), "slug").ShouldBe(slug);
        await RefusedAsync(secret, HttpMethod.Post, "/api/organizations", 403, "FORBIDDEN", new { name = "More" });
        // The role bounds it too.
        await RefusedAsync(secret, HttpMethod.Patch, $"/api/organizations/{slug}", 403, "FORBIDDEN", new { name = "More" });
        IdentityServer.Text((await ada.GetAsync($"/api/organizations/{slug}/tokens")).Body.GetProperty("data").EnumerateArray().Single(), "id").ShouldBe(IdentityServer.Text(token, "id"));

        (await ada.SendAsync(HttpMethod.Delete, $"/api/organizations/{slug}/members/{members[0].Id}")).Status.ShouldBe(204);
        (await SendAsync(secret, HttpMethod.Get, "/api/organizations")).Status.ShouldBe(401);
        // Nor does it live again with a later membership.
        await members[0].MakeAsync("/api/invitations/accept", new { token = await server.InviteAsync(ada, slug, members[0].Email) });
        (await SendAsync(secret, HttpMethod.Get, "/api/organizations")).Status.ShouldBe(401);
        await ada.RefusedAsync(HttpMethod.Post, "/api/tokens", new { name = "x", scopes = new[] { "apis:read" }, organization = "no-such" }, 404, "NOT_FOUND");
    }

    [Fact]
    public async Task BoundToAnOrganization_ReadsTheLogOfThatOneOnly()
    {
        var ada = await server.PersonAsync();
        var (organization, _) = await server.OrganizationAsync(ada);
        var (other, members) = await server.OrganizationAsync(ada, "viewer");
        var (id, slug) = (IdentityServer.Text(organization, "id"), IdentityServer.Text(organization, "slug"));
        var (_, secret) = await CreateAsync(ada, ["audit:read"], slug);
        foreach (var path in new[] { "/api/audit-log", "/api/audit-log?organization=", $"/api/audit-log?organization={slug}" })
        {
            var (status, log) = await SendAsync(secret, HttpMethod.Get, path);
            status.ShouldBe(200, path);
            log.GetProperty("data").EnumerateArray().Select(entry => IdentityServer.Text(entry, "organization_id")).Distinct(StringComparer.Ordinal).ShouldBe([id], path);
        }
        await RefusedAsync(secret, HttpMethod.Get, $"/api/audit-log?organization={IdentityServer.Text(other, "slug")}", 404, "NOT_FOUND");
        // Not even its own acts, where its role does not open the log.
        var (_, bound) = await CreateAsync(members[0], ["audit:read"], IdentityServer.Text(other, "slug"));
        await RefusedAsync(bound, HttpMethod.Get, "/api/audit-log", 403, "FORBIDDEN");
    }

    [Fact]
    public async Task Ended_ByItsAccountOrTheOrganization_Is401AtOnce()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "developer");
        var slug = IdentityServer.Text(organization, "slug");
        var (own, first) = await CreateAsync(members[0], ["organization:read"]);
        var (bound, second) = await CreateAsync(members[0], ["organization:read"], slug);
        (await ada.SendAsync(HttpMethod.Delete, $"/api/tokens/{IdentityServer.Text(own, "id")}")).Status.ShouldBe(404);
        (await ada.SendAsync(HttpMethod.Delete, $"/api/organizations/{slug}/tokens/{IdentityServer.Text(own, "id")}")).Status.ShouldBe(404);
        (await members[0].SendAsync(HttpMethod.Delete, $"/api/tokens/{IdentityServer.Text(own, "id")}")).Status.ShouldBe(204);
        (await ada.SendAsync(HttpMethod.Delete, $"/api/organizations/{slug}/tokens/{IdentityServer.Text(bound, "id")}")).Status.ShouldBe(204);
        (await SendAsync(first, HttpMethod.Get, "/me")).Status.ShouldBe(401);
        (await SendAsync(second, HttpMethod.Get, "/me")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task DisabledAccount_ItsTokensAreOver()
    {
        var ada = await server.PersonAsync();
        var (_, secret) = await CreateAsync(ada, ["organization:read"]);
        await using (var command = server.Database.OwnerOrSuperuser.CreateCommand("UPDATE identity.account SET disabled_at = now() WHERE email = $1"))
        {
            command.Parameters.AddWithValue(ada.Email);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        (await SendAsync(secret, HttpMethod.Get, "/me")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Database_HoldsTheDigestOnly()
    {
        var ada = await server.PersonAsync();
        var (_, secret) = await CreateAsync(ada, ["usage:read"]);
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand("SELECT count(*) FROM identity.api_token t WHERE t::text LIKE '%' || $1 || '%'");
        command.Parameters.AddWithValue(secret[8..]);
        ((long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!).ShouldBe(0);
    }

    [Fact]
    public async Task Create_WrongFields_AreToldAtOnce()
    {
        var ada = await server.PersonAsync();
        var (status, body, _) = await ada.SendAsync(HttpMethod.Post, "/api/tokens", new { name = "", scopes = new[] { "apis:read", "everything" } });
        status.ShouldBe(422);
        body.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("path").GetString()).ShouldBe(["name", "scopes[1]"]);
        await ada.RefusedAsync(HttpMethod.Post, "/api/tokens", new { name = "x", scopes = new[] { "apis:read" }, expires_at = server.Clock.GetUtcNow().AddDays(400) }, 422, "VALIDATION_FAILED");
    }

    [Theory]
    [InlineData("tgp_")]
    [InlineData("tgp_0123456789abcdefghijklmnopqrstABCDEF")]
    [InlineData("tgp_0123456789abcdefghijklmnopqrst-----!")]
    public async Task Unknown_Is401(string secret)
    {
        ApiTokenText.DigestOf(secret).ShouldBeNull();
        await RefusedAsync(secret, HttpMethod.Get, "/me", 401, "UNAUTHENTICATED");
        await RefusedAsync(ApiTokenText.New(), HttpMethod.Get, "/me", 401, "UNAUTHENTICATED");
    }

    internal static async Task<(JsonElement Token, string Secret)> CreateAsync(OrganizationServer.Person person, string[] scopes, string? organization = null, DateTimeOffset? expires = null)
    {
        var made = await person.MakeAsync("/api/tokens", new { name = "CI", scopes, organization, expires_at = expires });
        return (made.GetProperty("token"), IdentityServer.Text(made, "secret"));
    }

    private Task<(int Status, JsonElement Body)> SendAsync(string secret, HttpMethod method, string path, object? body = null) => SendAsync(server, secret, method, path, body);

    private async Task RefusedAsync(string secret, HttpMethod method, string path, int status, string code, object? body = null)
    {
        var (actual, answer) = await SendAsync(secret, method, path, body);
        (actual, answer.GetProperty("code").GetString()).ShouldBe((status, code), answer.ToString());
    }

    internal static async Task<(int Status, JsonElement Body)> SendAsync(OrganizationServer server, string secret, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new("Bearer", secret);
        using var response = await server.Server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }
}
