using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Accounts;

/// <summary>
/// A sign-in that is on its way while what it signs in with ends. Each race is held where it is decided: before the session's row is written, or once the password that is
/// about to be looked at was read.
/// </summary>
public sealed class SignInRaceTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    private const string Next = "a wholly different sentence";

    [Fact]
    public async Task Login_WhoseSessionIsBegunDuringAReset_IsEndedByIt()
    {
        await RegisterAsync("begun@example.com");
        var link = await ResetLinkAsync("begun@example.com");
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.session", "INSERT");
        var login = LoginAsync("begun@example.com");
        await gate.UntilWaitingAsync(1);
        var reset = identity.PostAsync("/auth/reset-password", new { token = link, password = Next });
        await gate.UntilWaitingAsync(2);
        await gate.OpenAsync();
        await IdentityServer.BodyAsync(reset, 204);
        await OverAsync(await IdentityServer.BodyAsync(login));
    }

    [Fact]
    public async Task Login_WhosePasswordIsResetWhileItIsLookedAt_SignsNobodyIn()
    {
        await RegisterAsync("looked-at@example.com");
        var link = await ResetLinkAsync("looked-at@example.com");
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.attempt", "INSERT");
        var login = LoginAsync("looked-at@example.com");
        await gate.UntilWaitingAsync(1);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/reset-password", new { token = link, password = Next }), 204);
        await gate.OpenAsync();
        await IdentityServer.RefusedAsync(login, 401, "INVALID_CREDENTIALS");
    }

    [Fact]
    public async Task Login_WhoseSessionIsBegunDuringAChangeOfThePassword_IsEndedByIt()
    {
        var mine = await RegisterAsync("changed@example.com");
        // From a browser of its own, or the two would wait for each other over the guesses that are counted.
        using var known = await identity.PostAsync("/auth/login", new { email = "changed@example.com", password = IdentityServer.Password }, null, ("Tollgate-Session", "cookie"));
        var browser = known.Headers.GetValues("Set-Cookie").Single(line => line.StartsWith("tg_device=", StringComparison.Ordinal)).Split(';')[0];
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.session", "INSERT");
        var login = identity.PostAsync("/auth/login", new { email = "changed@example.com", password = IdentityServer.Password }, null, ("Cookie", browser));
        await gate.UntilWaitingAsync(1);
        var change = identity.PostAsync("/auth/password", new { current_password = IdentityServer.Password, password = Next }, IdentityServer.Text(mine, "access_token"));
        await gate.UntilWaitingAsync(2);
        await gate.OpenAsync();
        await IdentityServer.BodyAsync(change, 204);
        await OverAsync(await IdentityServer.BodyAsync(login));
        await IdentityServer.BodyAsync(identity.GetAsync("/me", IdentityServer.Text(mine, "access_token")));
    }

    // Whoever knows the old password must not have the last word.
    [Fact]
    public async Task Change_WhoseCurrentPasswordIsResetWhileItIsLookedAt_ChangesNothing()
    {
        var thief = await RegisterAsync("last-word@example.com");
        var link = await ResetLinkAsync("last-word@example.com");
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.attempt", "INSERT");
        var change = identity.PostAsync("/auth/password", new { current_password = IdentityServer.Password, password = "what the thief would like" }, IdentityServer.Text(thief, "access_token"));
        await gate.UntilWaitingAsync(1);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/reset-password", new { token = link, password = Next }), 204);
        await gate.OpenAsync();
        await IdentityServer.RefusedAsync(change, 401, "UNAUTHENTICATED");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/login", new { email = "last-word@example.com", password = Next }));
    }

    /// <summary>Who was signed out by the owner, from another device, has no last word either.</summary>
    [Fact]
    public async Task Change_WhoseSessionIsEndedWhileThePasswordIsLookedAt_ChangesNothing()
    {
        var thief = await RegisterAsync("signed-out@example.com");
        var owner = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync("signed-out@example.com")), "access_token");
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.attempt", "INSERT");
        var change = identity.PostAsync("/auth/password", new { current_password = IdentityServer.Password, password = "what the thief would like" }, IdentityServer.Text(thief, "access_token"));
        await gate.UntilWaitingAsync(1);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/sessions/end-others", new { }, owner));
        await gate.OpenAsync();
        await IdentityServer.RefusedAsync(change, 401, "UNAUTHENTICATED");
        await IdentityServer.BodyAsync(LoginAsync("signed-out@example.com"));
    }

    /// <summary>The link goes to the address that the account had when it was asked for, and may be another's by the time it is there.</summary>
    [Fact]
    public async Task ResetLink_AskedForWhileTheAccountTakesAnotherAddress_IsWorthNothing()
    {
        var session = IdentityServer.Text(await RegisterAsync("left-behind@example.com"), "access_token");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/email", new { email = "moved-to@example.com" }, session), 202);
        var proof = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.ConfirmNewEmail, "moved-to@example.com"));
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.challenge", "INSERT");
        var asked = identity.PostAsync("/auth/forgot-password", new { email = "left-behind@example.com" });
        await gate.UntilWaitingAsync(1);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email", new { token = proof }, session), 204);
        await gate.OpenAsync();
        await IdentityServer.BodyAsync(asked, 202);
        var link = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.ResetPassword, "left-behind@example.com"));
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/reset-password", new { token = link, password = Next }), 422, "RESET_LINK_INVALID");
        await IdentityServer.BodyAsync(LoginAsync("moved-to@example.com"));
    }

    [Fact]
    public async Task Passkey_OfWhoRegisteredTheAddress_SignsNobodyInOnceItsOwnerCame()
    {
        const string email = "passkey-race@example.com";
        var thief = IdentityServer.Text(await identity.RegisterAsync(email), "access_token");
        using var device = new FakeAuthenticator(identity.Server.Address);
        var offered = await IdentityServer.BodyAsync(identity.PostAsync("/auth/passkeys/options", new { }, thief));
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/passkeys", new { challenge = IdentityServer.Text(offered, "challenge"), name = "Phone", credential = device.Create(offered.GetProperty("options")) }, thief), 201);
        var mailed = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email }), 202);
        var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/passkey-sign-in/options", new { }));
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.session", "INSERT");
        var signIn = identity.PostAsync("/auth/passkey-sign-in", new { challenge = IdentityServer.Text(asked, "challenge"), credential = device.Get(asked.GetProperty("options")) });
        await gate.UntilWaitingAsync(1);
        var owner = identity.PostAsync("/auth/mail-sign-in/link", new { token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.SignIn, email)), binding = IdentityServer.Text(mailed, "binding") });
        await gate.UntilWaitingAsync(2);
        await gate.OpenAsync();
        await IdentityServer.BodyAsync(owner);
        await OverAsync(await IdentityServer.BodyAsync(signIn));
    }

    [Fact]
    public async Task Login_DuringADisabling_EndsWithIt()
    {
        var account = IdentityServer.Text((await RegisterAsync("disabled-race@example.com")).GetProperty("account"), "id");
        await identity.Server.Services.GetRequiredService<IAccountSeeder>().EnsureAccountAsync("root-race@example.com", "Root", IdentityServer.Password, isOperator: true, CancellationToken.None);
        var root = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync("root-race@example.com")), "access_token");
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.session", "INSERT");
        var login = LoginAsync("disabled-race@example.com");
        await gate.UntilWaitingAsync(1);
        var disabling = identity.PostAsync($"/api/admin/accounts/{account}/disable", new { }, root);
        await gate.UntilWaitingAsync(2);
        await gate.OpenAsync();
        await IdentityServer.BodyAsync(disabling, 204);
        var session = await IdentityServer.BodyAsync(login);
        await OverAsync(session);
        await IdentityServer.BodyAsync(identity.PostAsync($"/api/admin/accounts/{account}/enable", new { }, root), 204);
        await OverAsync(session);
    }

    private async Task OverAsync(JsonElement session)
    {
        await IdentityServer.RefusedAsync(identity.GetAsync("/me", IdentityServer.Text(session, "access_token")), 401, "UNAUTHENTICATED");
        await IdentityServer.RefusedAsync(identity.RefreshAsync(IdentityServer.Text(session, "refresh_token")), 401, "REFRESH_TOKEN_INVALID");
    }

    // With a proved address: a reset that proves it ends everything else too.
    private async Task<JsonElement> RegisterAsync(string email)
    {
        var session = await identity.RegisterAsync(email);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email",
            new { token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.VerifyEmail, email)) }, IdentityServer.Text(session, "access_token")), 204);
        return session;
    }

    private async Task<string> ResetLinkAsync(string email)
    {
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/forgot-password", new { email }), 202);
        return SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.ResetPassword, email));
    }

    private Task<HttpResponseMessage> LoginAsync(string email) => identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password });
}
