using System.Text.Json;

namespace Tollgate.Identity.Tests.MailSignIn;

public sealed class MailSignInTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task Code_WhereItWasAskedFor_SignsInOnceAndProvesTheAddress()
    {
        await identity.RegisterAsync("mail-code@example.com");
        var asked = await AskAsync("mail-code@example.com");
        var code = Mail("mail-code@example.com").Code!;
        var body = new { challenge = IdentityServer.Text(asked, "challenge"), code, binding = IdentityServer.Text(asked, "binding") };
        var session = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in/code", body));
        session.GetProperty("account").GetProperty("email").GetString().ShouldBe("mail-code@example.com");
        var me = await IdentityServer.BodyAsync(identity.GetAsync("/me", IdentityServer.Text(session, "access_token")));
        me.GetProperty("account").GetProperty("email_verified").GetBoolean().ShouldBeTrue();
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/code", body), 401, "SIGN_IN_CODE_INVALID");
    }

    [Fact]
    public async Task Code_WithoutTheAskersSecret_IsRefused()
    {
        await identity.RegisterAsync("phished@example.com");
        var asked = await AskAsync("phished@example.com");
        var code = Mail("phished@example.com").Code!;
        foreach (var binding in new[] { null, "guess", IdentityServer.Text(await AskAsync("nobody@example.com"), "binding") })
            await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/code", new { challenge = IdentityServer.Text(asked, "challenge"), code, binding }), 401, "SIGN_IN_CODE_INVALID");
    }

    [Fact]
    public async Task Code_AfterFiveWrongOnes_IsRefused()
    {
        await identity.RegisterAsync("five@example.com");
        var asked = await AskAsync("five@example.com");
        var (challenge, binding, code) = (IdentityServer.Text(asked, "challenge"), IdentityServer.Text(asked, "binding"), Mail("five@example.com").Code!);
        var wrong = code.StartsWith('0') ? "11111111" : "00000000";
        for (var i = 0; i < 5; i++)
            await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/code", new { challenge, binding, code = wrong }), 401, "SIGN_IN_CODE_INVALID");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/code", new { challenge, binding, code }), 401, "SIGN_IN_CODE_INVALID");
    }

    [Fact]
    public async Task Link_InTheBrowserThatAsked_SignsInOnce()
    {
        await identity.RegisterAsync("mail-link@example.com");
        using var asked = await identity.PostAsync("/auth/mail-sign-in", new { email = "mail-link@example.com" }, null, ("Tollgate-Session", "cookie"));
        var cookie = asked.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("tg_sign_in=", StringComparison.Ordinal));
        cookie.ShouldContain("httponly");
        cookie.ShouldContain("samesite=strict");
        JsonDocument.Parse(await asked.Content.ReadAsStringAsync()).RootElement.GetProperty("binding").ValueKind.ShouldBe(JsonValueKind.Null);
        var token = SentMails.TokenOf(Mail("mail-link@example.com"));
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/link", new { token }), 401, "SIGN_IN_LINK_ELSEWHERE");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in/link", new { token }, null, ("Cookie", cookie.Split(';')[0])));
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/link", new { token }, null, ("Cookie", cookie.Split(';')[0])), 401, "SIGN_IN_LINK_INVALID");
    }

    [Fact]
    public async Task CodeAndLink_AfterTenMinutes_AreRefused()
    {
        await identity.RegisterAsync("slow@example.com");
        var asked = await AskAsync("slow@example.com");
        var mail = Mail("slow@example.com");
        identity.Clock.Advance(TimeSpan.FromMinutes(10));
        var binding = IdentityServer.Text(asked, "binding");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/code", new { challenge = IdentityServer.Text(asked, "challenge"), code = mail.Code, binding }), 401, "SIGN_IN_CODE_INVALID");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/link", new { token = SentMails.TokenOf(mail), binding }), 401, "SIGN_IN_LINK_INVALID");
    }

    [Fact]
    public async Task Mails_MoreThanFiveInAQuarterOfAnHour_AreNotSentAndNobodyIsTold()
    {
        await identity.RegisterAsync("flood@example.com");
        for (var i = 0; i < 7; i++)
            await AskAsync("flood@example.com");
        identity.Mails.To("flood@example.com").Count(mail => mail is { Kind: AccountMailKind.SignIn, IsDecoy: false }).ShouldBe(5);
    }

    [Fact]
    public async Task Database_HoldsNoUsableSecret()
    {
        await identity.RegisterAsync("dumped@example.com");
        var asked = await AskAsync("dumped@example.com");
        var mail = Mail("dumped@example.com");
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand("SELECT string_agg(c::text, ' ') FROM identity.challenge c");
        var dump = (string)(await command.ExecuteScalarAsync())!;
        dump.ShouldContain("$argon2id$");
        mail.Code!.ShouldMatch("^[0-9]{4} [0-9]{4}$");
        foreach (var secret in new[] { SentMails.TokenOf(mail), IdentityServer.Text(asked, "binding") })
            System.Buffers.Text.Base64Url.DecodeFromChars(secret).Length.ShouldBe(32);
        foreach (var secret in new[] { mail.Code!, mail.Code!.Replace(" ", "", StringComparison.Ordinal), SentMails.TokenOf(mail), IdentityServer.Text(asked, "binding") })
            dump.ShouldNotContain(secret);
    }

    private AccountMail Mail(string email) => identity.Mails.Newest(AccountMailKind.SignIn, email);

    private Task<JsonElement> AskAsync(string email) => IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email }), 202);
}
