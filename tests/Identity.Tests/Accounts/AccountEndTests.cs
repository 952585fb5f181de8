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

    /// <summary>An operator closes the account while somebody signs in: the row is changed, and not committed yet.</summary>
    [Theory]
    [InlineData("password")]
    [InlineData("code")]
    [InlineData("link")]
    public async Task Disabled_InTheMomentOfASignIn_LeavesNoSession(string way)
    {
        var email = $"moment-{way}@example.com";
        var session = await identity.RegisterAsync(email);
        // Else the proof of the mailbox, which changes the row, would wait already.
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email", new { token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.VerifyEmail, email)) }, IdentityServer.Text(session, "access_token")), 204);
        var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email }), 202);
        var (mail, binding) = (identity.Mails.Newest(AccountMailKind.SignIn, email), IdentityServer.Text(asked, "binding"));
        await using var connection = await identity.Database.OwnerOrSuperuser.OpenConnectionAsync();
        await using var closing = await connection.BeginTransactionAsync();
        await using (var update = new Npgsql.NpgsqlCommand($"""
            UPDATE identity.account SET disabled_at = now() WHERE email = '{email}';
            UPDATE identity.session SET ended_at = now(), ended_reason = 'account_disabled' WHERE account_id = (SELECT id FROM identity.account WHERE email = '{email}')
            """, connection))
            await update.ExecuteNonQueryAsync();
        var signingIn = way switch
        {
            "password" => LoginAsync(email),
            "code" => identity.PostAsync("/auth/mail-sign-in/code", new { challenge = IdentityServer.Text(asked, "challenge"), code = mail.Code, binding }),
            _ => identity.PostAsync("/auth/mail-sign-in/link", new { token = SentMails.TokenOf(mail), binding }),
        };
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!signingIn.IsCompleted && !await IsWaitingAsync(limit.Token))
            limit.Token.ThrowIfCancellationRequested();
        await closing.CommitAsync();
        using (var refused = await signingIn)
            ((int)refused.StatusCode).ShouldBe(401, await refused.Content.ReadAsStringAsync());
        (await CountAsync("SELECT count(*) FROM identity.session WHERE ended_at IS NULL AND account_id = $1", session)).ShouldBe(0);
    }

    /// <summary>As if a session and a token had come to be in the moment of the closing.</summary>
    [Fact]
    public async Task Enabled_NothingFromBeforeComesBack()
    {
        var session = await identity.RegisterAsync("back@example.com");
        var access = IdentityServer.Text(session, "access_token");
        var token = IdentityServer.Text(await IdentityServer.BodyAsync(identity.PostAsync("/api/tokens", new { name = "CI", scopes = new[] { "apis:read" } }, access), 201), "secret");
        await SetDisabledAsync(session, disabled: true);
        foreach (var credential in new[] { access, token })
            await IdentityServer.RefusedAsync(identity.GetAsync("/me", credential), 401, "UNAUTHENTICATED");
        (await CountAsync("WITH s AS (UPDATE identity.session SET ended_at = NULL WHERE account_id = $1 RETURNING 1), t AS (UPDATE identity.api_token SET ended_at = NULL WHERE account_id = $1 RETURNING 1) SELECT (SELECT count(*) FROM s) + (SELECT count(*) FROM t)", session)).ShouldBe(2);
        foreach (var credential in new[] { access, token })
            await IdentityServer.RefusedAsync(identity.GetAsync("/me", credential), 401, "UNAUTHENTICATED");
        await SetDisabledAsync(session, disabled: false);
        foreach (var credential in new[] { access, token })
            await IdentityServer.RefusedAsync(identity.GetAsync("/me", credential), 401, "UNAUTHENTICATED");
        (await CountAsync("SELECT count(*) FROM identity.session WHERE account_id = $1 AND ended_reason = 'account_enabled'", session)).ShouldBe(1);
        await IdentityServer.BodyAsync(LoginAsync("back@example.com"));
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

    private async Task<bool> IsWaitingAsync(CancellationToken cancellation)
    {
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')");
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private async Task<long> CountAsync(string sql, JsonElement session)
    {
        TypeId.TryParse(session.GetProperty("account").GetProperty("id").GetString(), "acc", out var id).ShouldBeTrue();
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand(sql);
        command.Parameters.AddWithValue(id);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private Task<bool> SetDisabledAsync(JsonElement session, bool disabled)
    {
        TypeId.TryParse(session.GetProperty("account").GetProperty("id").GetString(), "acc", out var id).ShouldBeTrue();
        return identity.Database.Database.AsWorkerAsync(worker => identity.Server.Services.GetRequiredService<AccountDisabling>().SetAsync(worker, id, disabled, AuditActor.System("test")), CancellationToken.None);
    }
}
