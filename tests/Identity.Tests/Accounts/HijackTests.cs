using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Accounts;

/// <summary>Somebody registers an address that is another's; then its owner comes.</summary>
public sealed class HijackTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    private const string OwnersPassword = "the owner's own words, twice";

    // What else lets somebody in, or past the second question.
    private static readonly string[] WaysIn = ["totp", "recovery_code", "outside_identity", "known_device", "passkey"];

    [Theory]
    [InlineData("code")]
    [InlineData("link")]
    [InlineData("reset")]
    public async Task TheOwner_ByTheMailbox_LeavesNoWayInToWhoRegistered(string way)
    {
        var email = $"owner-{way}@example.com";
        var thief = await identity.RegisterAsync(email);
        var (access, refresh) = (IdentityServer.Text(thief, "access_token"), IdentityServer.Text(thief, "refresh_token"));
        var token = IdentityServer.Text(await IdentityServer.BodyAsync(identity.PostAsync("/api/tokens", new { name = "kept", scopes = new[] { "apis:read" } }, access), 201), "secret");
        using (var use = await identity.GetAsync("/me", token))
            ((int)use.StatusCode).ShouldBe(200);
        var device = await KnownBrowserAsync(email);
        await PlantPasskeyAndIdentityAsync(email);
        await ConfirmTotpAsync(access);
        await IdentityServer.BodyAsync(LoginAsync(email, IdentityServer.Password), 202);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/email", new { email = $"thief-{way}@evil.example" }, access), 202);
        foreach (var table in WaysIn)
            (await CountAsync(table, email)).ShouldBeGreaterThan(0, $"{table}: what was not there cannot be dropped");

        await ComeAsync(way, email);

        (await CountAsync("challenge", email, "used_at IS NULL")).ShouldBe(0, "the link that waits in the thief's mailbox is worth nothing");
        foreach (var table in WaysIn)
            (await CountAsync(table, email)).ShouldBe(0, table);
        foreach (var credential in new[] { access, token })
            using (var use = await identity.GetAsync("/me", credential))
                ((int)use.StatusCode).ShouldBe(401, credential);
        using (var refreshed = await identity.RefreshAsync(refresh))
            ((int)refreshed.StatusCode).ShouldBe(401);
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password }, null, ("Cookie", device)), 401, "INVALID_CREDENTIALS");
    }

    [Fact]
    public async Task WhoRegistered_InTheSameBrowser_KeepsThePassword()
    {
        const string email = "same@example.com";
        using var registered = await identity.PostAsync("/auth/register", new { email, password = IdentityServer.Password, name = "Ada" }, null, ("Tollgate-Session", "cookie"));
        var device = DeviceOf(registered);
        var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email }), 202);
        var code = identity.Mails.Newest(AccountMailKind.SignIn, email).Code;
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in/code",
            new { challenge = IdentityServer.Text(asked, "challenge"), code, binding = IdentityServer.Text(asked, "binding") }, null, ("Cookie", device)));
        await IdentityServer.BodyAsync(LoginAsync(email, IdentityServer.Password));
    }

    private Task<HttpResponseMessage> LoginAsync(string email, string password) => identity.PostAsync("/auth/login", new { email, password });

    private async Task<string> KnownBrowserAsync(string email)
    {
        using var login = await identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password }, null, ("Tollgate-Session", "cookie"));
        return DeviceOf(login);
    }

    private static string DeviceOf(HttpResponseMessage response) => response.Headers.GetValues("Set-Cookie").Single(line => line.StartsWith("tg_device=", StringComparison.Ordinal)).Split(';')[0];

    private async Task ConfirmTotpAsync(string access)
    {
        var offer = await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp", new { }, access));
        var code = new AuthenticatorApp(IdentityServer.Text(offer, "secret")).CodeAt(identity.Clock.GetUtcNow());
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp/confirm", new { code }, access));
    }

    // A device and a provider are not at hand here; their rows are what lets in.
    private async Task PlantPasskeyAndIdentityAsync(string email)
    {
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand("""
            WITH thief AS (SELECT id FROM identity.account WHERE email = $1), outside AS (
              INSERT INTO identity.outside_identity (id, account_id, provider, issuer, subject, created_at, last_used_at) SELECT gen_random_uuid(), id, 'acme', 'https://acme.example', $1, now(), now() FROM thief)
            INSERT INTO identity.passkey (id, account_id, credential_id, name, public_key, sign_count, transports, user_verified, backup_eligible, backed_up, attestation_object, client_data, created_at)
            SELECT gen_random_uuid(), id, uuid_send(gen_random_uuid()), 'Phone', '\x00', 0, '{}', true, false, false, '\x00', '\x00', now() FROM thief
            """);
        command.Parameters.AddWithValue(email);
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    private async Task<long> CountAsync(string table, string email, string condition = "true")
    {
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand($"SELECT count(*) FROM identity.{table} t JOIN identity.account a ON a.id = t.account_id WHERE a.email = $1 AND {condition}");
        command.Parameters.AddWithValue(email);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    // No second factor is asked for: the one that there was is not the owner's.
    private async Task ComeAsync(string way, string email)
    {
        if (way == "reset")
        {
            await identity.PostAsync("/auth/forgot-password", new { email });
            var link = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.ResetPassword, email));
            await IdentityServer.BodyAsync(identity.PostAsync("/auth/reset-password", new { token = link, password = OwnersPassword }), 204);
            await IdentityServer.BodyAsync(LoginAsync(email, OwnersPassword));
            return;
        }
        var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email }), 202);
        var (mail, binding) = (identity.Mails.Newest(AccountMailKind.SignIn, email), IdentityServer.Text(asked, "binding"));
        await IdentityServer.BodyAsync(way == "code"
            ? identity.PostAsync("/auth/mail-sign-in/code", new { challenge = IdentityServer.Text(asked, "challenge"), code = mail.Code, binding })
            : identity.PostAsync("/auth/mail-sign-in/link", new { token = SentMails.TokenOf(mail), binding }));
    }
}
