using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity.Accounts;

namespace Tollgate.Identity.Tests.Accounts;

/// <summary>Accounts that are closed by an operator, or deleted by their person.</summary>
public sealed class AccountEndTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task Disabled_EveryWayInIsRefusedAsForAWrongPassword()
    {
        var session = await identity.RegisterAsync("closed@example.com");
        var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email = "closed@example.com" }), 202);
        var mail = identity.Mails.Newest(AccountMailKind.SignIn, "closed@example.com");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/forgot-password", new { email = "closed@example.com" }), 202);
        var reset = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.ResetPassword, "closed@example.com"));
        (await SetDisabledAsync(session, disabled: true)).ShouldBeTrue();

        await IdentityServer.RefusedAsync(identity.GetAsync("/me", IdentityServer.Text(session, "access_token")), 401, "UNAUTHENTICATED");
        await IdentityServer.RefusedAsync(identity.RefreshAsync(IdentityServer.Text(session, "refresh_token")), 401, "REFRESH_TOKEN_INVALID");
        await IdentityServer.RefusedAsync(LoginAsync("closed@example.com"), 401, "INVALID_CREDENTIALS");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/code", new { challenge = IdentityServer.Text(asked, "challenge"), code = mail.Code, binding = IdentityServer.Text(asked, "binding") }), 401, "SIGN_IN_CODE_INVALID");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/reset-password", new { token = reset, password = "a wholly different sentence" }), 422, "RESET_LINK_INVALID");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email = "closed@example.com" }), 202);
        identity.Mails.To("closed@example.com")[^1].IsDecoy.ShouldBeTrue();

        (await SetDisabledAsync(session, disabled: false)).ShouldBeTrue();
        await IdentityServer.BodyAsync(LoginAsync("closed@example.com"));
    }

    [Fact]
    public async Task Delete_TypedAndShown_ForgetsThePersonAndFreesTheAddress()
    {
        var session = await identity.RegisterAsync("gone@example.com", "Grace Hopper");
        var token = IdentityServer.Text(session, "access_token");
        await IdentityServer.RefusedAsync(identity.PostAsync("/me/delete", new { email = "other@example.com" }, token), 422, "VALIDATION_FAILED");
        await IdentityServer.BodyAsync(identity.PostAsync("/me/delete", new { email = "Gone@example.com" }, token), 204);
        await IdentityServer.RefusedAsync(identity.GetAsync("/me", token), 401, "UNAUTHENTICATED");
        await IdentityServer.RefusedAsync(identity.RefreshAsync(IdentityServer.Text(session, "refresh_token")), 401, "REFRESH_TOKEN_INVALID");
        await IdentityServer.RefusedAsync(LoginAsync("gone@example.com"), 401, "INVALID_CREDENTIALS");
        identity.Mails.Newest(AccountMailKind.AccountDeleted, "gone@example.com");
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand("SELECT string_agg(t, ' ') FROM (SELECT a::text AS t FROM identity.account a UNION ALL SELECT o::text FROM identity.organization o) x");
        var left = (string)(await command.ExecuteScalarAsync())!;
        left.ShouldNotContain("gone@example.com");
        left.ShouldNotContain("Hopper");
        left.ShouldNotContain("hopper");
        await identity.RegisterAsync("gone@example.com");
    }

    [Fact]
    public async Task Delete_TwoOwnersAtOnce_OneOfThemStays()
    {
        for (var round = 0; round < 5; round++)
        {
            var sessions = new[] { await identity.RegisterAsync($"first-{round}@example.com"), await identity.RegisterAsync($"second-{round}@example.com") };
            var ids = sessions.Select(session => TypeId.TryParse(session.GetProperty("account").GetProperty("id").GetString(), "acc", out var id) ? id : Guid.Empty).ToArray();
            await identity.Server.Services.GetRequiredService<IAccountSeeder>().EnsureOrganizationAsync(ids[0], $"pair-{round}", "Pair", CancellationToken.None);
            await identity.Database.Database.AsWorkerAsync(worker => worker.ExecuteAsync(
                "INSERT INTO identity.member (organization_id, account_id, role) SELECT id, @second, 'owner' FROM identity.organization WHERE slug = @slug", new { second = ids[1], slug = $"pair-{round}" }), CancellationToken.None);
            var answers = await Task.WhenAll(sessions.Select(async (session, i) =>
            {
                using var response = await identity.PostAsync("/me/delete", new { email = $"{(i == 0 ? "first" : "second")}-{round}@example.com" }, IdentityServer.Text(session, "access_token"));
                return (int)response.StatusCode;
            }));
            answers.Order().ShouldBe([204, 409]);
        }
    }

    [Fact]
    public async Task Logout_ByAnApiToken_EndsNoSession()
    {
        var session = await identity.RegisterAsync("token-logout@example.com");
        var access = IdentityServer.Text(session, "access_token");
        var token = IdentityServer.Text(await IdentityServer.BodyAsync(identity.PostAsync("/api/tokens", new { name = "CI", scopes = new[] { "apis:read" } }, access), 201), "secret");
        foreach (var path in new[] { "/auth/logout", "/auth/logout?everywhere=true" })
            await IdentityServer.BodyAsync(identity.PostAsync(path, new { }, token), 204);
        await IdentityServer.BodyAsync(identity.GetAsync("/me", access));
    }

    [Fact]
    public async Task Delete_SoleOwnerOfAnOrganization_IsToldWhich()
    {
        var session = await identity.RegisterAsync("owner@example.com");
        TypeId.TryParse(session.GetProperty("account").GetProperty("id").GetString(), "acc", out var id).ShouldBeTrue();
        await identity.Server.Services.GetRequiredService<IAccountSeeder>().EnsureOrganizationAsync(id, "engines", "Analytical Engines", CancellationToken.None);
        using var response = await identity.PostAsync("/me/delete", new { email = "owner@example.com" }, IdentityServer.Text(session, "access_token"));
        var problem = await IdentityServer.ProblemAsync(response, 409, "ACCOUNT_IN_USE");
        problem.GetProperty("errors").EnumerateArray().ShouldHaveSingleItem().GetProperty("message").GetString()!.ShouldContain("Analytical Engines");
        await IdentityServer.BodyAsync(LoginAsync("owner@example.com"));
    }

    private Task<HttpResponseMessage> LoginAsync(string email) => identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password });

    private Task<bool> SetDisabledAsync(JsonElement session, bool disabled)
    {
        TypeId.TryParse(session.GetProperty("account").GetProperty("id").GetString(), "acc", out var id).ShouldBeTrue();
        return identity.Database.Database.AsWorkerAsync(worker => identity.Server.Services.GetRequiredService<AccountDisabling>().SetAsync(worker, id, disabled, AuditActor.System("test")), CancellationToken.None);
    }
}
