using System.Text;
using System.Text.Json;
using Tollgate.Identity.SecondFactor;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.SecondFactor;

public sealed class TotpTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    // RFC 6238, appendix B, the last six of eight digits.
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1234567890, "005924")]
    [InlineData(20000000000, "353130")]
    public void Code_IsThatOfTheRfc(long seconds, string code) =>
        Totp.CodeAt(Encoding.ASCII.GetBytes("12345678901234567890"), Totp.StepOf(DateTimeOffset.FromUnixTimeSeconds(seconds))).ShouldBe(code);

    [Fact]
    public void Base32_IsThatOfTheRfc() => Totp.Base32(Encoding.ASCII.GetBytes("foobar")).ShouldBe("MZXW6YTBOI");

    [Fact]
    public async Task App_OnceConfirmed_IsAskedForAtEverySignInButThatOfAPasskey()
    {
        var (token, app, _) = await TurnOnAsync("totp@example.com");
        var asked = await IdentityServer.BodyAsync(LoginAsync("totp@example.com"), 202);
        asked.TryGetProperty("access_token", out _).ShouldBeFalse();
        var challenge = IdentityServer.Text(asked, "challenge");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/second-factor", new { challenge, code = "000000" }), 422, "SECOND_FACTOR_INVALID");
        identity.Clock.Advance(TimeSpan.FromSeconds(60));
        var code = CodeOf(app);
        var session = await IdentityServer.BodyAsync(identity.PostAsync("/auth/second-factor", new { challenge, code }));
        session.GetProperty("account").GetProperty("email").GetString().ShouldBe("totp@example.com");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/second-factor", new { challenge, code }), 401, "SIGN_IN_EXPIRED");

        // By mail too.
        var mail = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email = "totp@example.com" }), 202);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in/link", new { token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.SignIn, "totp@example.com")), binding = IdentityServer.Text(mail, "binding") }), 202);
        token.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Code_OfOneStepBeforeAndAfter_IsTaken_EachOnce()
    {
        var (_, app, _) = await TurnOnAsync("steps@example.com");
        identity.Clock.Advance(TimeSpan.FromMinutes(5));
        foreach (var (offset, status) in new[] { (-2, 422), (-1, 200), (-1, 422), (0, 200), (-1, 422), (1, 200), (0, 422), (2, 422) })
        {
            var challenge = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync("steps@example.com"), 202), "challenge");
            using var response = await identity.PostAsync("/auth/second-factor", new { challenge, code = CodeOf(app, offset) });
            ((int)response.StatusCode).ShouldBe(status, $"a code of {offset} steps from now");
        }
    }

    [Fact]
    public async Task Code_UsedManyTimesAtOnce_IsTakenOnce()
    {
        var (_, app, _) = await TurnOnAsync("at-once@example.com");
        identity.Clock.Advance(TimeSpan.FromMinutes(2));
        var challenges = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ => IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync("at-once@example.com"), 202), "challenge")));
        var code = CodeOf(app);
        var answers = await Task.WhenAll(challenges.Select(challenge => identity.PostAsync("/auth/second-factor", new { challenge, code })));
        answers.Count(answer => (int)answer.StatusCode == 200).ShouldBe(1);
    }

    [Fact]
    public async Task Challenge_AfterFiveWrongCodes_IsOver()
    {
        var (_, app, _) = await TurnOnAsync("guessing@example.com");
        identity.Clock.Advance(TimeSpan.FromMinutes(2));
        var challenge = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync("guessing@example.com"), 202), "challenge");
        for (var i = 0; i < 5; i++)
            await IdentityServer.RefusedAsync(identity.PostAsync("/auth/second-factor", new { challenge, code = "000000" }), 422, "SECOND_FACTOR_INVALID");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/second-factor", new { challenge, code = CodeOf(app) }), 401, "SIGN_IN_EXPIRED");
    }

    [Fact]
    public async Task RecoveryCode_WorksOnce_AndNewOnesEndTheOld()
    {
        var (token, _, codes) = await TurnOnAsync("recovery@example.com");
        codes.Count.ShouldBe(10);
        codes.Distinct(StringComparer.Ordinal).Count().ShouldBe(10);
        async Task<int> UseAsync(string code)
        {
            var challenge = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync("recovery@example.com"), 202), "challenge");
            using var response = await identity.PostAsync("/auth/second-factor", new { challenge, recovery_code = code });
            return (int)response.StatusCode;
        }
        (await UseAsync(codes[3].ToUpperInvariant())).ShouldBe(200);
        (await UseAsync(codes[3])).ShouldBe(422);
        (await SecurityAsync(token)).GetProperty("recovery_codes_left").GetInt32().ShouldBe(9);
        var fresh = await IdentityServer.BodyAsync(identity.PostAsync("/auth/recovery-codes", new { }, token));
        (await UseAsync(codes[4])).ShouldBe(422);
        (await UseAsync(fresh.GetProperty("recovery_codes")[0].GetString()!)).ShouldBe(200);
    }

    [Fact]
    public async Task Reset_OfThePassword_LeavesTheFactor()
    {
        await TurnOnAsync("reset-factor@example.com");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/forgot-password", new { email = "reset-factor@example.com" }), 202);
        var token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.ResetPassword, "reset-factor@example.com"));
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/reset-password", new { token, password = "a wholly different sentence" }), 204);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/login", new { email = "reset-factor@example.com", password = "a wholly different sentence" }), 202);
    }

    [Fact]
    public async Task TurningOnAndOff_NeedsToShowWhoItIs_AndIsTold()
    {
        var (_, app, _) = await TurnOnAsync("off@example.com");
        identity.Clock.Advance(TimeSpan.FromMinutes(11));
        var challenge = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync("off@example.com"), 202), "challenge");
        var session = await IdentityServer.BodyAsync(identity.PostAsync("/auth/second-factor", new { challenge, code = CodeOf(app) }));
        identity.Clock.Advance(TimeSpan.FromMinutes(11));
        using var refreshed = await identity.RefreshAsync(IdentityServer.Text(session, "refresh_token"));
        var token = IdentityServer.Text(JsonDocument.Parse(await refreshed.Content.ReadAsStringAsync()).RootElement, "access_token");
        await IdentityServer.RefusedAsync(identity.SendAsync(HttpMethod.Delete, "/auth/totp", null, token), 403, "STEP_UP_REQUIRED");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/step-up", new { code = CodeOf(app) }, token));
        await IdentityServer.BodyAsync(identity.SendAsync(HttpMethod.Delete, "/auth/totp", null, token), 204);
        (await SecurityAsync(token)).GetProperty("totp").GetBoolean().ShouldBeFalse();
        (await SecurityAsync(token)).GetProperty("recovery_codes_left").GetInt32().ShouldBe(0);
        identity.Mails.To("off@example.com").Count(mail => mail.Kind == AccountMailKind.SecurityChanged).ShouldBe(2);
        await IdentityServer.BodyAsync(LoginAsync("off@example.com"));
    }

    [Fact]
    public async Task Database_HoldsNoUsableSecret()
    {
        var (_, app, codes) = await TurnOnAsync("factor-dump@example.com");
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand("SELECT string_agg(t, ' ') FROM (SELECT t::text AS t FROM identity.totp t UNION ALL SELECT r::text FROM identity.recovery_code r) x");
        var dump = (string)(await command.ExecuteScalarAsync())!;
        app.Secret.Length.ShouldBe(20);
        dump.ShouldNotContain(Convert.ToHexStringLower(app.Secret.Span));
        // Too short for a plain hash.
        dump.Split("$argon2id$").Length.ShouldBeGreaterThan(10);
        foreach (var code in codes)
        {
            code.ShouldMatch("^[a-z2-9]{5}-[a-z2-9]{5}$");
            dump.ShouldNotContain(code.Replace("-", "", StringComparison.Ordinal));
        }
    }

    private Task<HttpResponseMessage> LoginAsync(string email) => identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password });

    private Task<JsonElement> SecurityAsync(string token) => IdentityServer.BodyAsync(identity.GetAsync("/auth/security", token));

    private string CodeOf(AuthenticatorApp app, int offset = 0) => app.CodeAt(identity.Clock.GetUtcNow(), offset);

    private async Task<(string Token, AuthenticatorApp App, IReadOnlyList<string> Codes)> TurnOnAsync(string email)
    {
        var token = IdentityServer.Text(await identity.RegisterAsync(email), "access_token");
        // Else whoever comes by the mailbox first would be the owner, and the factor a stranger's.
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email", new { token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.VerifyEmail, email)) }, token), 204);
        var offer = await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp", new { }, token));
        offer.GetProperty("qr_code").GetString()!.ShouldStartWith("data:image/svg+xml;base64,");
        var app = new AuthenticatorApp(IdentityServer.Text(offer, "secret"));
        // What was not confirmed is not asked for.
        await IdentityServer.BodyAsync(LoginAsync(email));
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/totp/confirm", new { code = "000000" }, token), 422, "SECOND_FACTOR_INVALID");
        var on = await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp/confirm", new { code = CodeOf(app) }, token));
        return (token, app, [.. on.GetProperty("recovery_codes").EnumerateArray().Select(code => code.GetString()!)]);
    }
}
