using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Identity;
using Tollgate.Identity.Tests;
using Tollgate.TestKit;

namespace Tollgate.Architecture.Tests;

/// <summary>A call whose entry in the audit log is looked for.</summary>
internal sealed record AuditStep(string Endpoint, string Action, HttpMethod Method, string Path, object? Body = null, string? Token = null);

/// <summary>One person's life, from register to the end of the account, by every way in: what needs a mail, an app or a device has it here.</summary>
internal sealed class AccountAuditWalk(TestServer server, SentMails mails, Func<AuditStep, Task<JsonElement>> step)
{
    private const string Password = "correct horse battery staple";
    private const string Person = "person@example.com";

    private string _token = "";

    public async Task WalkAsync()
    {
        _token = Text(await PostAsync("register", "account.registered", "/auth/register", new { email = Person, password = Password, name = "Person" }), "access_token");
        await PostAsync("verifyEmail", "account.email_verified", "/auth/verify-email", new { token = Link(AccountMailKind.VerifyEmail, Person) }, _token);
        await PostAsync("login", "session.started", "/auth/login", new { email = Person, password = Password });
        await PostAsync("stepUp", "session.stepped_up", "/auth/step-up", new { password = Password }, _token);
        await MailsAsync();
        await PasskeysAsync();
        await SecondFactorAsync();
        await InvitationsAsync();
        await ChangesAsync();
    }

    private async Task MailsAsync()
    {
        var asked = await AskAsync("/auth/mail-sign-in", new { email = Person });
        await PostAsync("signInByCode", "session.started", "/auth/mail-sign-in/code", new { challenge = Text(asked, "challenge"), code = mails.Newest(AccountMailKind.SignIn, Person).Code, binding = Text(asked, "binding") });
        asked = await AskAsync("/auth/mail-sign-in", new { email = Person });
        await PostAsync("signInByLink", "session.started", "/auth/mail-sign-in/link", new { token = Link(AccountMailKind.SignIn, Person), binding = Text(asked, "binding") });
    }

    private async Task PasskeysAsync()
    {
        using var device = new FakeAuthenticator(server.Address);
        var offered = await AskAsync("/auth/passkeys/options", new { }, _token);
        var passkey = await PostAsync("addPasskey", "account.passkey_added", "/auth/passkeys", new { challenge = Text(offered, "challenge"), name = "Phone", credential = device.Create(offered.GetProperty("options")) }, _token);
        var asked = await AskAsync("/auth/passkey-sign-in/options", new { });
        await PostAsync("signInByPasskey", "session.started", "/auth/passkey-sign-in", new { challenge = Text(asked, "challenge"), credential = device.Get(asked.GetProperty("options")) });
        await step(new AuditStep("removePasskey", "account.passkey_removed", HttpMethod.Delete, $"/auth/passkeys/{Text(passkey, "id")}", null, _token));
    }

    private async Task SecondFactorAsync()
    {
        var app = new AuthenticatorApp(Text(await AskAsync("/auth/totp", new { }, _token), "secret"));
        await PostAsync("confirmTotp", "account.totp_added", "/auth/totp/confirm", new { code = app.CodeAt(TimeProvider.System.GetUtcNow()) }, _token);
        var codes = (await PostAsync("replaceRecoveryCodes", "account.recovery_codes_replaced", "/auth/recovery-codes", new { }, _token)).GetProperty("recovery_codes");
        var challenge = Text(await AskAsync("/auth/login", new { email = Person, password = Password }), "challenge");
        await PostAsync("signInBySecondFactor", "session.started", "/auth/second-factor", new { challenge, recovery_code = codes[0].GetString() });
        await step(new AuditStep("removeTotp", "account.totp_removed", HttpMethod.Delete, "/auth/totp", null, _token));
    }

    private async Task InvitationsAsync()
    {
        const string host = "host@example.com";
        var owner = Text(await AskAsync("/auth/register", new { email = host, password = Password, name = "Host" }), "access_token");
        await AskAsync("/auth/verify-email", new { token = Link(AccountMailKind.VerifyEmail, host) }, owner);
        var slug = Text(await AskAsync("/api/organizations", new { name = "Hosts" }, owner), "slug");
        foreach (var (endpoint, action) in new[] { ("declineInvitation", "invitation.declined"), ("acceptInvitation", "invitation.accepted") })
        {
            await AskAsync($"/api/organizations/{slug}/invitations", new { email = Person, role = "viewer" }, owner);
            await PostAsync(endpoint, action, $"/api/invitations/{endpoint.Replace("Invitation", "", StringComparison.Ordinal)}", new { token = Link(AccountMailKind.Invitation, Person) }, _token);
        }
    }

    private async Task ChangesAsync()
    {
        const string moved = "moved@example.com";
        const string next = "a wholly different sentence";
        await PostAsync("changeEmail", "account.email_change_asked", "/auth/email", new { email = moved }, _token);
        await PostAsync("verifyEmail", "account.email_changed", "/auth/verify-email", new { token = Link(AccountMailKind.ConfirmNewEmail, moved) }, _token);
        await PostAsync("changePassword", "account.password_changed", "/auth/password", new { current_password = Password, password = next }, _token);
        await AskAsync("/auth/forgot-password", new { email = moved });
        await PostAsync("resetPassword", "account.password_reset", "/auth/reset-password", new { token = Link(AccountMailKind.ResetPassword, moved), password = Password });
        var first = await AskAsync("/auth/login", new { email = moved, password = Password });
        await PostAsync("logout", "session.ended", "/auth/logout", new { }, Text(first, "access_token"));
        await RefreshAsync(moved);
        _token = Text(await AskAsync("/auth/login", new { email = moved, password = Password }), "access_token");
        await PostAsync("deleteAccount", "account.deleted", "/me/delete", new { email = moved }, _token);
    }

    // The one refresh that changes more than the token: a second use after the successor was used ends the session.
    private async Task RefreshAsync(string email)
    {
        var session = await AskAsync("/auth/login", new { email, password = Password });
        var stolen = Text(session, "refresh_token");
        var successor = Text(await AskAsync("/auth/refresh", new { refresh_token = stolen }), "refresh_token");
        await AskAsync("/auth/refresh", new { refresh_token = successor });
        await PostAsync("refreshSession", "account.session_ended", "/auth/refresh", new { refresh_token = stolen });
    }

    private Task<JsonElement> PostAsync(string endpoint, string action, string path, object body, string? token = null) => step(new AuditStep(endpoint, action, HttpMethod.Post, path, body, token));

    private async Task<JsonElement> AskAsync(string path, object body, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        using var response = await server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    private string Link(AccountMailKind kind, string address) => SentMails.TokenOf(mails.Newest(kind, address));

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
