using System.Text.Json;

namespace Tollgate.Identity.Tests.Accounts;

public sealed class EmailTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task Register_NewAccount_IsUnverifiedUntilTheLinkIsOpened_OnAnyDeviceThatIsSignedIn()
    {
        var session = await identity.RegisterAsync("link@example.com");
        session.GetProperty("account").GetProperty("email_verified").GetBoolean().ShouldBeFalse();
        var token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.VerifyEmail, "link@example.com"));
        var elsewhere = await IdentityServer.BodyAsync(identity.PostAsync("/auth/login", new { email = "link@example.com", password = IdentityServer.Password }));
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email", new { token }, IdentityServer.Text(elsewhere, "access_token")), 204);
        (await VerifiedAsync(session)).ShouldBeTrue();
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/verify-email", new { token }, IdentityServer.Text(session, "access_token")), 422, "EMAIL_PROOF_INVALID");
    }

    [Fact]
    public async Task Link_OpenedByWhoIsNotSignedInToTheAccount_ProvesNothingAndStaysGood()
    {
        var session = await identity.RegisterAsync("opened@example.com");
        var stranger = IdentityServer.Text(await identity.RegisterAsync("opened-other@example.com"), "access_token");
        var apiToken = IdentityServer.Text(await IdentityServer.BodyAsync(identity.PostAsync("/api/tokens", new { name = "x", scopes = new[] { "apis:read" } }, IdentityServer.Text(session, "access_token")), 201), "secret");
        var token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.VerifyEmail, "opened@example.com"));
        foreach (var credential in new[] { null, stranger, apiToken })
            await IdentityServer.RefusedAsync(identity.PostAsync("/auth/verify-email", new { token }, credential), 401, "UNAUTHENTICATED");
        (await VerifiedAsync(session)).ShouldBeFalse();
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email", new { token }, IdentityServer.Text(session, "access_token")), 204);
        (await VerifiedAsync(session)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("signed out")]
    [InlineData("not signed in")]
    [InlineData("another password")]
    public async Task Change_ConfirmedWithoutTheSessionThatAskedForIt_IsRefused(string how)
    {
        var email = $"asker-{how.Length}@example.com";
        var asker = IdentityServer.Text(await identity.RegisterAsync(email), "access_token");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/email", new { email = $"new-{email}" }, asker), 202);
        var token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.ConfirmNewEmail, $"new-{email}"));
        var other = IdentityServer.Text(await IdentityServer.BodyAsync(identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password })), "access_token");
        if (how == "signed out")
            await IdentityServer.BodyAsync(identity.PostAsync("/auth/logout", new { }, asker), 204);
        else if (how == "another password")
            await IdentityServer.BodyAsync(identity.PostAsync("/auth/password", new { current_password = IdentityServer.Password, password = "a wholly different sentence" }, asker), 204);
        if (how == "not signed in")
            await IdentityServer.RefusedAsync(identity.PostAsync("/auth/verify-email", new { token }), 401, "UNAUTHENTICATED");
        else
            await IdentityServer.RefusedAsync(identity.PostAsync("/auth/verify-email", new { token }, how == "signed out" ? other : asker), 422, "EMAIL_PROOF_INVALID");
        identity.Mails.To(email).ShouldNotContain(mail => mail.Kind == AccountMailKind.EmailChanged);
    }

    [Fact]
    public async Task Code_OfTheSignedInAccount_VerifiesOnce()
    {
        var session = await identity.RegisterAsync("code@example.com");
        var code = identity.Mails.Newest(AccountMailKind.VerifyEmail, "code@example.com").Code!;
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/verify-email", new { code }), 401, "UNAUTHENTICATED");
        var other = await identity.RegisterAsync("code-other@example.com");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/verify-email", new { code }, IdentityServer.Text(other, "access_token")), 422, "EMAIL_PROOF_INVALID");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email", new { code }, IdentityServer.Text(session, "access_token")), 204);
        (await VerifiedAsync(session)).ShouldBeTrue();
    }

    [Fact]
    public async Task Code_GuessedFiveTimes_IsWorthNothingEvenWhenRight()
    {
        var token = IdentityServer.Text(await identity.RegisterAsync("guess@example.com"), "access_token");
        var code = identity.Mails.Newest(AccountMailKind.VerifyEmail, "guess@example.com").Code!;
        var wrong = code.StartsWith('0') ? "11111111" : "00000000";
        // At once: they are counted before they are looked at.
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => IdentityServer.RefusedAsync(identity.PostAsync("/auth/verify-email", new { code = wrong }, token), 422, "EMAIL_PROOF_INVALID")));
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/verify-email", new { code }, token), 422, "EMAIL_PROOF_INVALID");
    }

    [Fact]
    public async Task Mail_AskedForAgain_SixthWithinTheHourIsRefused()
    {
        var token = IdentityServer.Text(await identity.RegisterAsync("again@example.com"), "access_token");
        for (var i = 0; i < 4; i++)
            await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email/send", new { }, token), 202);
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/verify-email/send", new { }, token), 429, "TOO_MANY_MAILS");
    }

    [Fact]
    public async Task Change_NewAddressConfirmed_BothAreToldAndTheOldOneIsFree()
    {
        var token = IdentityServer.Text(await identity.RegisterAsync("old@example.com"), "access_token");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email", new { token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.VerifyEmail, "old@example.com")) }, token), 204);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/email", new { email = "New@example.com" }, token), 202);
        identity.Mails.Newest(AccountMailKind.EmailChangeAsked, "old@example.com").Values["new_email"].ShouldBe("new@example.com");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/login", new { email = "new@example.com", password = IdentityServer.Password }), 401, "INVALID_CREDENTIALS");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email", new { token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.ConfirmNewEmail, "new@example.com")) }, token), 204);
        identity.Mails.Newest(AccountMailKind.EmailChanged, "old@example.com").Values["new_email"].ShouldBe("new@example.com");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/login", new { email = "new@example.com", password = IdentityServer.Password }));
        await identity.RegisterAsync("old@example.com");
    }

    [Fact]
    public async Task Change_ToTheOwnAddress_IsSaidAtOnce_MailsNothing_AndIsNotCounted()
    {
        var token = IdentityServer.Text(await identity.RegisterAsync("stays@example.com"), "access_token");
        for (var i = 0; i < 6; i++)
        {
            var refused = await IdentityServer.BodyAsync(identity.PostAsync("/auth/email", new { email = "Stays@example.com " }, token), 422);
            var field = refused.GetProperty("errors")[0];
            (IdentityServer.Text(field, "path"), IdentityServer.Text(field, "code")).ShouldBe(("email", "EMAIL_UNCHANGED"));
        }
        identity.Mails.To("stays@example.com").ShouldAllBe(mail => mail.Kind == AccountMailKind.VerifyEmail);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/email", new { email = "moves@example.com" }, token), 202);
    }

    [Fact]
    public async Task Change_ToSomebodyElsesAddress_AnswersTheSameAndMailsThemNothing()
    {
        await identity.RegisterAsync("taken@example.com");
        var token = IdentityServer.Text(await identity.RegisterAsync("wants@example.com"), "access_token");
        var before = identity.Mails.To("taken@example.com").Count(mail => !mail.IsDecoy);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/email", new { email = "taken@example.com" }, token), 202);
        identity.Mails.To("taken@example.com").Count(mail => !mail.IsDecoy).ShouldBe(before);
    }

    /// <summary>Somebody registers the address in the very moment: their row is there, and not committed yet.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Change_ToAnAddressThatIsTakenMeanwhile_IsRefusedInPlainWords(bool byCode)
    {
        var (email, wanted) = ($"race-{byCode}@example.com".ToLowerInvariant(), $"wanted-{byCode}@example.com".ToLowerInvariant());
        var token = IdentityServer.Text(await identity.RegisterAsync(email), "access_token");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/verify-email", new { token = SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.VerifyEmail, email)) }, token), 204);
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/email", new { email = wanted }, token), 202);
        var mail = identity.Mails.Newest(AccountMailKind.ConfirmNewEmail, wanted);
        await using var connection = await identity.Database.OwnerOrSuperuser.OpenConnectionAsync();
        await using var registering = await connection.BeginTransactionAsync();
        await using (var insert = new Npgsql.NpgsqlCommand($"INSERT INTO identity.account (id, email, name, password_hash) VALUES (gen_random_uuid(), '{wanted}', 'Other', '')", connection))
            await insert.ExecuteNonQueryAsync();
        var proving = identity.PostAsync("/auth/verify-email", byCode ? new { code = mail.Code } : new { token = SentMails.TokenOf(mail) }, token);
        await WaitingAsync();
        await registering.CommitAsync();
        await IdentityServer.RefusedAsync(proving, 409, "EMAIL_TAKEN");
    }

    private async Task WaitingAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            await using var command = identity.Database.OwnerOrSuperuser.CreateCommand("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')");
            if ((bool)(await command.ExecuteScalarAsync(limit.Token))!)
                return;
        }
    }

    [Fact]
    public async Task Change_LongAfterSigningIn_NeedsToShowAgainWhoItIs()
    {
        await identity.RegisterAsync("step@example.com");
        var refresh = IdentityServer.Text(await IdentityServer.BodyAsync(identity.PostAsync("/auth/login", new { email = "step@example.com", password = IdentityServer.Password })), "refresh_token");
        identity.Clock.Advance(TimeSpan.FromMinutes(11));
        using var refreshed = await identity.RefreshAsync(refresh);
        var token = IdentityServer.Text(JsonDocument.Parse(await refreshed.Content.ReadAsStringAsync()).RootElement, "access_token");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/email", new { email = "step-new@example.com" }, token), 403, "STEP_UP_REQUIRED");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/step-up", new { password = "wrong password" }, token), 422, "VALIDATION_FAILED");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/step-up", new { password = IdentityServer.Password }, token));
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/email", new { email = "step-new@example.com" }, token), 202);
    }

    private async Task<bool> VerifiedAsync(JsonElement session) =>
        (await IdentityServer.BodyAsync(identity.GetAsync("/me", IdentityServer.Text(session, "access_token")))).GetProperty("account").GetProperty("email_verified").GetBoolean();
}
