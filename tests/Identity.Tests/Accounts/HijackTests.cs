
namespace Tollgate.Identity.Tests.Accounts;

/// <summary>Somebody registers an address that is another's; then its owner comes.</summary>
public sealed class HijackTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
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
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp", new { }, access));
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/email", new { email = $"thief-{way}@evil.example" }, access), 202);

        await ComeAsync(way, email);

        (await OpenChallengesAsync(email)).ShouldBe(0, "the link that waits in the thief's mailbox is worth nothing");

        foreach (var credential in new[] { access, token })
            using (var use = await identity.GetAsync("/me", credential))
                ((int)use.StatusCode).ShouldBe(401, credential);
        using (var refreshed = await identity.RefreshAsync(refresh))
            ((int)refreshed.StatusCode).ShouldBe(401);
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password }), 401, "INVALID_CREDENTIALS");
    }

    [Fact]
    public async Task WhoRegistered_InTheSameBrowser_KeepsThePassword()
    {
        const string email = "same@example.com";
        using var registered = await identity.PostAsync("/auth/register", new { email, password = IdentityServer.Password, name = "Ada" }, null, ("Tollgate-Session", "cookie"));
        var device = registered.Headers.GetValues("Set-Cookie").Single(line => line.StartsWith("tg_device=", StringComparison.Ordinal)).Split(';')[0];
        var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email }), 202);
        var code = identity.Mails.Newest(AccountMailKind.SignIn, email).Code;
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in/code",
            new { challenge = IdentityServer.Text(asked, "challenge"), code, binding = IdentityServer.Text(asked, "binding") }, null, ("Cookie", device)));
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password }));
    }

    private async Task<long> OpenChallengesAsync(string email)
    {
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand("SELECT count(*) FROM identity.challenge c JOIN identity.account a ON a.id = c.account_id WHERE a.email = $1 AND c.used_at IS NULL");
        command.Parameters.AddWithValue(email);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task ComeAsync(string way, string email)
    {
        if (way == "reset")
        {
            await identity.PostAsync("/auth/forgot-password", new { email });
            var link = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.ResetPassword, email));
            await IdentityServer.BodyAsync(identity.PostAsync("/auth/reset-password", new { token = link, password = "the owner's own words, twice" }), 204);
            return;
        }
        var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email }), 202);
        var (mail, binding) = (identity.Mails.Newest(AccountMailKind.SignIn, email), IdentityServer.Text(asked, "binding"));
        // No second factor is asked for: the one that there was is not the owner's.
        await IdentityServer.BodyAsync(way == "code"
            ? identity.PostAsync("/auth/mail-sign-in/code", new { challenge = IdentityServer.Text(asked, "challenge"), code = mail.Code, binding })
            : identity.PostAsync("/auth/mail-sign-in/link", new { token = SentMails.TokenOf(mail), binding }));
    }
}
