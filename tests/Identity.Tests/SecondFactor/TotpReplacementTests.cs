using System.Text.Json;
using Npgsql;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.SecondFactor;

/// <summary>Another authenticator app takes the place of the one that is on: the account is never without one, and never has two.</summary>
public sealed class TotpReplacementTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    private const string Wrong = "SECOND_FACTOR_INVALID";

    [Fact]
    public async Task OldApp_Works_UntilTheNewOneHasShownACode()
    {
        var (token, old, codes) = await TurnOnAsync("replaced@example.com");
        var fresh = await OfferAsync(token);
        Wait();
        (await SignInAsync("replaced@example.com", CodeOf(old))).ShouldBe(200);
        (await SignInAsync("replaced@example.com", CodeOf(fresh))).ShouldBe(422, "it has shown none yet");
        await IdentityServer.RefusedAsync(ConfirmAsync(token, CodeOf(old, 1)), 422, Wrong);

        var code = CodeOf(fresh);
        (await IdentityServer.BodyAsync(ConfirmAsync(token, code))).GetProperty("recovery_codes").GetArrayLength().ShouldBe(0, "those of the account stay");
        await IdentityServer.RefusedAsync(ConfirmAsync(token, code), 422, Wrong);
        (await SignInAsync("replaced@example.com", code)).ShouldBe(422, "a code is taken once");
        Wait();
        (await SignInAsync("replaced@example.com", CodeOf(old))).ShouldBe(422);
        (await SignInAsync("replaced@example.com", CodeOf(fresh))).ShouldBe(200);
        var security = await IdentityServer.BodyAsync(identity.GetAsync("/auth/security", token));
        (security.GetProperty("totp").GetBoolean(), security.GetProperty("recovery_codes_left").GetInt32()).ShouldBe((true, 10));
        var challenge = await ChallengeAsync("replaced@example.com");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/second-factor", new { challenge, recovery_code = codes[0] }));

        identity.Mails.Newest(AccountMailKind.SecurityChanged, "replaced@example.com").Values["change"].ShouldStartWith("Another authenticator app took the place");
        (await IdentityServer.BodyAsync(identity.GetAsync("/api/audit-log?action=account.totp_replaced", token))).GetProperty("data").GetArrayLength().ShouldBe(1);
    }

    /// <summary>The step of a code is that of its app: what the old one has shown says nothing about the new one's codes.</summary>
    [Fact]
    public async Task CodesOfTheOldApp_TakeNoneFromTheNewOne()
    {
        var (token, old, _) = await TurnOnAsync("steps-of-both@example.com");
        var fresh = await OfferAsync(token);
        Wait();
        (await SignInAsync("steps-of-both@example.com", CodeOf(old, 1))).ShouldBe(200);
        await IdentityServer.BodyAsync(ConfirmAsync(token, CodeOf(fresh, -1)));
        (await SignInAsync("steps-of-both@example.com", CodeOf(fresh))).ShouldBe(200);
        (await SignInAsync("steps-of-both@example.com", CodeOf(fresh, 1))).ShouldBe(200);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Offer_IsWorthNothing_OnceThereIsANewerOne(bool replaces)
    {
        var token = replaces ? (await TurnOnAsync("newest@example.com")).Token : await RegisterAsync("newest-first@example.com");
        var (first, second) = (await OfferAsync(token), await OfferAsync(token));
        await IdentityServer.RefusedAsync(ConfirmAsync(token, CodeOf(first)), 422, Wrong);
        await IdentityServer.BodyAsync(ConfirmAsync(token, CodeOf(second)));
    }

    [Theory]
    [InlineData(59, 200)]
    [InlineData(61, 422)]
    public async Task Offer_IsGoodForAnHour(int minutes, int status)
    {
        var email = $"after-{minutes}@example.com";
        var offered = await OfferAsync(await RegisterAsync(email));
        identity.Clock.Advance(TimeSpan.FromMinutes(minutes));
        var session = await IdentityServer.BodyAsync(LoginAsync(email));
        using var confirmed = await ConfirmAsync(IdentityServer.Text(session, "access_token"), CodeOf(offered));
        ((int)confirmed.StatusCode).ShouldBe(status);
    }

    [Fact]
    public async Task Replacing_LongAfterSigningIn_NeedsToShowAgainWhoItIs()
    {
        var (token, _, _) = await TurnOnAsync("late@example.com");
        var fresh = await OfferAsync(token);
        await ExecuteAsync("UPDATE identity.session SET authenticated_at = created_at - interval '11 minutes' WHERE account_id = (SELECT id FROM identity.account WHERE email = 'late@example.com')");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/totp", new { }, token), 403, "STEP_UP_REQUIRED");
        await IdentityServer.RefusedAsync(ConfirmAsync(token, CodeOf(fresh)), 403, "STEP_UP_REQUIRED");
    }

    [Fact]
    public async Task Confirmed_WhileANewerOfferGoesFirst_IsRefused()
    {
        var (token, old, _) = await TurnOnAsync("newer@example.com");
        var fresh = await OfferAsync(token);
        await using var held = await HoldAsync("newer@example.com");
        var offering = OfferAsync(token);
        await held.UntilWaitingAsync(1);
        var confirming = ConfirmAsync(token, CodeOf(fresh));
        await held.UntilWaitingAsync(2);
        await held.ReleaseAsync();
        var newest = await offering;
        await IdentityServer.RefusedAsync(confirming, 422, Wrong);
        Wait();
        (await SignInAsync("newer@example.com", CodeOf(old))).ShouldBe(200);
        await IdentityServer.BodyAsync(ConfirmAsync(token, CodeOf(newest)));
    }

    [Fact]
    public async Task Confirmed_WhileTheAppIsTurnedOff_IsRefused_AndItStaysOff()
    {
        var (token, _, _) = await TurnOnAsync("turned-off@example.com");
        var fresh = await OfferAsync(token);
        await using var held = await HoldAsync("turned-off@example.com");
        var removing = identity.SendAsync(HttpMethod.Delete, "/auth/totp", null, token);
        await held.UntilWaitingAsync(1);
        var confirming = ConfirmAsync(token, CodeOf(fresh));
        await held.UntilWaitingAsync(2);
        await held.ReleaseAsync();
        await IdentityServer.BodyAsync(removing, 204);
        await IdentityServer.RefusedAsync(confirming, 422, Wrong);
        (await IdentityServer.BodyAsync(identity.GetAsync("/auth/security", token))).GetProperty("totp").GetBoolean().ShouldBeFalse();
        await IdentityServer.BodyAsync(LoginAsync("turned-off@example.com"));
    }

    [Fact]
    public async Task Confirmed_TwiceAtOnce_IsReplacedOnce()
    {
        var (token, _, _) = await TurnOnAsync("twice@example.com");
        var code = CodeOf(await OfferAsync(token));
        await using var held = await HoldAsync("twice@example.com");
        var both = new[] { ConfirmAsync(token, code), ConfirmAsync(token, code) };
        await held.UntilWaitingAsync(2);
        await held.ReleaseAsync();
        (await Task.WhenAll(both)).Select(answer => (int)answer.StatusCode).Order().ShouldBe([200, 422]);
    }

    /// <summary>Whoever looks at a code of the old app while it is being replaced waits, and then looks at the new one; a sign-in that waited for it begins again.</summary>
    [Fact]
    public async Task CodeOfTheOldApp_InTheMomentOfItsReplacement_IsNotTaken()
    {
        var (token, old, _) = await TurnOnAsync("in-between@example.com");
        var fresh = await OfferAsync(token);
        Wait();
        var challenge = await ChallengeAsync("in-between@example.com");
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.audit_entry", "INSERT");
        var confirming = ConfirmAsync(token, CodeOf(fresh, -1));
        await gate.UntilWaitingAsync(1);
        var signingIn = identity.PostAsync("/auth/second-factor", new { challenge, code = CodeOf(old) });
        await gate.UntilWaitingAsync(2);
        var steppingUp = identity.PostAsync("/auth/step-up", new { code = CodeOf(old) }, token);
        await gate.UntilWaitingAsync(3);
        await gate.OpenAsync();
        await IdentityServer.BodyAsync(confirming);
        await IdentityServer.RefusedAsync(signingIn, 401, "SIGN_IN_EXPIRED");
        await IdentityServer.RefusedAsync(steppingUp, 422, Wrong);
        (await SignInAsync("in-between@example.com", CodeOf(fresh))).ShouldBe(200);
    }

    /// <summary>The code and the session that it gives are one: what was shown is forgotten with the app, never noted after it.</summary>
    [Fact]
    public async Task CodeOfTheOldApp_TakenJustBeforeItsReplacement_CountsForNothingAfterIt()
    {
        var (token, old, _) = await TurnOnAsync("just-before@example.com");
        var fresh = await OfferAsync(token);
        Wait();
        var challenge = await ChallengeAsync("just-before@example.com");
        await using var gate = await StatementGate.CloseAsync(identity.Database, "identity.attempt", "DELETE");
        var signingIn = identity.PostAsync("/auth/second-factor", new { challenge, code = CodeOf(old) });
        await gate.UntilWaitingAsync(1);
        var confirming = ConfirmAsync(token, CodeOf(fresh));
        await gate.UntilWaitingAsync(2);
        await gate.OpenAsync();
        await IdentityServer.BodyAsync(confirming);
        var session = IdentityServer.Text(await IdentityServer.BodyAsync(signingIn), "access_token");
        (await IdentityServer.BodyAsync(identity.GetAsync("/auth/security", session))).GetProperty("second_factor_shown").GetBoolean().ShouldBeFalse();
    }

    /// <summary>A program of some time ago kept an app that had shown no code yet where the one that counts is; it has no factor to take away.</summary>
    [Fact]
    public async Task AppOfBefore_ThatNeverShowedACode_IsNone()
    {
        var token = await RegisterAsync("of-before@example.com");
        await ExecuteAsync("INSERT INTO identity.totp (account_id, sealed, created_at) SELECT id, '\\x00', now() FROM identity.account WHERE email = 'of-before@example.com'");
        await IdentityServer.RefusedAsync(identity.SendAsync(HttpMethod.Delete, "/auth/totp", null, token), 404, "NOT_FOUND");
        identity.Mails.To("of-before@example.com").ShouldNotContain(mail => mail.Kind == AccountMailKind.SecurityChanged);
    }

    [Fact]
    public async Task Database_HoldsNoOfferInTheClear()
    {
        var app = await OfferAsync(await RegisterAsync("offer-dump@example.com"));
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand("SELECT string_agg(t::text, ' ') FROM identity.totp_offer t");
        ((string)(await command.ExecuteScalarAsync())!).ShouldNotContain(Convert.ToHexStringLower(app.Secret.Span));
    }

    private void Wait() => identity.Clock.Advance(TimeSpan.FromMinutes(2));

    private string CodeOf(AuthenticatorApp app, int offset = 0) => app.CodeAt(identity.Clock.GetUtcNow(), offset);

    private Task<HttpResponseMessage> LoginAsync(string email) => identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password });

    private Task<HttpResponseMessage> ConfirmAsync(string token, string code) => identity.PostAsync("/auth/totp/confirm", new { code }, token);

    private async Task<string> ChallengeAsync(string email) => IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync(email), 202), "challenge");

    private async Task<AuthenticatorApp> OfferAsync(string token) => new(IdentityServer.Text(await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp", new { }, token)), "secret"));

    private async Task<int> SignInAsync(string email, string code)
    {
        using var response = await identity.PostAsync("/auth/second-factor", new { challenge = await ChallengeAsync(email), code });
        return (int)response.StatusCode;
    }

    private async Task<string> RegisterAsync(string email)
    {
        var token = IdentityServer.Text(await identity.RegisterAsync(email), "access_token");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email", new { token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.VerifyEmail, email)) }, token), 204);
        return token;
    }

    private async Task<(string Token, AuthenticatorApp App, List<string> Codes)> TurnOnAsync(string email)
    {
        var token = await RegisterAsync(email);
        var app = await OfferAsync(token);
        var on = await IdentityServer.BodyAsync(ConfirmAsync(token, CodeOf(app)));
        return (token, app, [.. on.GetProperty("recovery_codes").EnumerateArray().Select(code => code.GetString()!)]);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = identity.Database.OwnerOrSuperuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private Task<RowLock> HoldAsync(string email) => RowLock.TakeAsync(identity.Database, $"SELECT FROM identity.account WHERE email = '{email}' FOR NO KEY UPDATE");
}
