using Microsoft.Extensions.DependencyInjection;
using Tollgate.Identity.Accounts;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.OpenIdConnect;

/// <summary>
/// Somebody comes back from a provider while their account is closed, deleted, or has its password reset. Each race is held where it is decided; who comes second waits
/// for the account, and holds nothing that the first one still needs.
/// </summary>
public sealed class ProviderRaceTests(ProviderServer world) : IClassFixture<ProviderServer>
{
    [Theory]
    [InlineData("disabled")]
    [InlineData("reset")]
    public async Task SignIn_WhoseSessionIsBegunMeanwhile_IsEndedByIt(string how)
    {
        var email = await AccountAsync($"begun-{how}");
        var end = await EndingAsync(how, email);
        var browser = world.NewBrowser();
        var callback = await browser.ToProviderAsync();
        await using var gate = await StatementGate.CloseAsync(world.Database, "identity.session", "INSERT");
        var signIn = browser.ReturnAsync(callback);
        await gate.UntilWaitingAsync(1);
        var ending = end();
        // It waits for the sign-in, or would be over before it.
        await Task.WhenAny(ending, gate.UntilWaitingAsync(2));
        await gate.OpenAsync();
        await ending;
        (await signIn).ShouldBe("/");
        (await browser.SendAsync(HttpMethod.Get, "/me")).Status.ShouldBe(401);
        (await SessionsAsync(email)).ShouldBe(0);
    }

    /// <summary>A new password ends what was asked before: the question for the second factor too, which somebody else may be about to answer.</summary>
    [Fact]
    public async Task SecondFactor_AskedForDuringAReset_IsVoid()
    {
        var email = await AccountAsync("factor");
        var app = await TotpAsync();
        var end = await EndingAsync("reset", email);
        var browser = world.NewBrowser();
        var callback = await browser.ToProviderAsync();
        await using var gate = await StatementGate.CloseAsync(world.Database, "identity.challenge", "INSERT");
        var signIn = browser.ReturnAsync(callback);
        await gate.UntilWaitingAsync(1);
        var ending = end();
        // It waits for the sign-in, or is over before it.
        while (!ending.IsCompleted && await WaitingAsync() < 2)
            await Task.Yield();
        await gate.OpenAsync();
        await ending;
        var challenge = (await signIn).Split("#second-factor=")[1];
        // A code is taken once.
        world.Clock.Advance(TimeSpan.FromSeconds(30));
        (await browser.SendAsync(HttpMethod.Post, "/auth/second-factor", new { challenge, code = app.CodeAt(world.Clock.GetUtcNow()) })).Status.ShouldBe(401);
        (await SessionsAsync(email)).ShouldBe(0);
    }

    /// <summary>Who deletes has locked the account and has the person's row before it; who signs in must not hold that row while it waits, or each would wait for the other.</summary>
    [Fact]
    public async Task SignIn_DuringADeletion_HoldsNothingThatTheDeletionNeeds_AndIsRefused()
    {
        var email = await AccountAsync("deleted");
        var owner = world.NewBrowser();
        await owner.SignInAsync();
        var browser = world.NewBrowser();
        var callback = await browser.ToProviderAsync();
        await using var gate = await StatementGate.CloseAsync(world.Database, "identity.session", "DELETE");
        var deletion = owner.SendAsync(HttpMethod.Post, "/me/delete", new { email });
        await gate.UntilWaitingAsync(1);
        var signIn = browser.ReturnAsync(callback);
        await gate.UntilWaitingAsync(2);
        await using (var free = world.Database.OwnerOrSuperuser.CreateCommand("SELECT FROM identity.outside_identity WHERE subject = 'deleted' FOR UPDATE NOWAIT"))
            await free.ExecuteNonQueryAsync();
        await gate.OpenAsync();
        (await deletion).Status.ShouldBe(204);
        (await signIn).ShouldBe("/sign-in?problem=INVALID_CREDENTIALS");
        browser.Cookies.Keys.ShouldNotContain("tg_access");
        (await CountAsync("SELECT count(*) FROM identity.outside_identity WHERE subject = 'deleted'")).ShouldBe(0);
    }

    /// <summary>The account of a person of the provider, who is asked from now on.</summary>
    private async Task<string> AccountAsync(string subject)
    {
        var email = $"{subject}@example.com";
        world.Provider.Is(subject, email);
        (await world.NewBrowser().SignInAsync()).ShouldBe("/");
        await world.Database.Database.AsWorkerAsync(worker => worker.ExecuteAsync("UPDATE identity.session SET ended_at = now() WHERE ended_at IS NULL"), CancellationToken.None);
        return email;
    }

    private async Task<AuthenticatorApp> TotpAsync()
    {
        var owner = world.NewBrowser();
        await owner.SignInAsync();
        var (_, offer) = await owner.SendAsync(HttpMethod.Post, "/auth/totp", new { });
        var app = new AuthenticatorApp(IdentityServer.Text(offer, "secret"));
        (await owner.SendAsync(HttpMethod.Post, "/auth/totp/confirm", new { code = app.CodeAt(world.Clock.GetUtcNow()) })).Status.ShouldBe(200);
        return app;
    }

    private async Task<Func<Task>> EndingAsync(string how, string email)
    {
        if (how == "disabled")
            return () => SetDisabledAsync(email, disabled: true);
        var browser = world.NewBrowser();
        (await browser.SendAsync(HttpMethod.Post, "/auth/forgot-password", new { email })).Status.ShouldBe(202);
        var token = SentMails.TokenOf(world.Mails.Newest(AccountMailKind.ResetPassword, email));
        return async () => (await browser.SendAsync(HttpMethod.Post, "/auth/reset-password", new { token, password = "a wholly different sentence" })).Status.ShouldBe(204);
    }

    private Task<bool> SetDisabledAsync(string email, bool disabled) => world.Database.Database.AsWorkerAsync(async worker =>
    {
        var account = (await AccountStore.FindByEmailAsync(worker, email))!.Id;
        return await world.Server.Services.GetRequiredService<AccountDisabling>().SetAsync(worker, account, disabled, AuditActor.System("test"));
    }, CancellationToken.None);

    private Task<long> SessionsAsync(string email) => CountAsync($"SELECT count(*) FROM identity.session s JOIN identity.account a ON a.id = s.account_id WHERE a.email = '{email}' AND s.ended_at IS NULL");

    private Task<long> WaitingAsync() => CountAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");

    private async Task<long> CountAsync(string sql)
    {
        await using var command = world.Database.OwnerOrSuperuser.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
