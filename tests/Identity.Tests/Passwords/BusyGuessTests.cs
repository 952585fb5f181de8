using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Passwords;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Passwords;

/// <summary>What there was no room to look at was no guess: not at a code, not at a sign-in, not at an account.</summary>
public sealed class BusyGuessTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task MailCode_WithoutRoom_KeepsItsFiveGuesses()
    {
        var (right, _) = await MailCodeAsync("busy-code@example.com");
        await BusyAsync(5, () => identity.PostAsync("/auth/mail-sign-in/code", right));
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in/code", right));
    }

    [Fact]
    public async Task MailCode_WithoutGuesses_GetsNoneBack()
    {
        var (right, wrong) = await MailCodeAsync("busy-spent@example.com");
        for (var i = 0; i < 5; i++)
            await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/code", wrong), 401, "SIGN_IN_CODE_INVALID");
        await BusyAsync(1, () => identity.PostAsync("/auth/mail-sign-in/code", right));
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/mail-sign-in/code", right), 401, "SIGN_IN_CODE_INVALID");
    }

    [Fact]
    public async Task RecoveryCode_WithoutRoom_KeepsTheGuessesOfTheSignIn()
    {
        var recoveryCode = await TurnOnAsync("busy-recovery@example.com");
        var challenge = await ChallengeAsync("busy-recovery@example.com");
        await BusyAsync(5, () => identity.PostAsync("/auth/second-factor", new { challenge, recovery_code = recoveryCode }));
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/second-factor", new { challenge, recovery_code = recoveryCode }));
    }

    [Fact]
    public async Task SecondFactor_TooOftenFromHere_KeepsTheGuessesOfTheSignIn()
    {
        await TurnOnAsync("too-often@example.com");
        for (var i = 0; i < 2; i++)
        {
            var spent = await ChallengeAsync("too-often@example.com");
            for (var j = 0; j < 5; j++)
                await IdentityServer.RefusedAsync(identity.PostAsync("/auth/second-factor", new { challenge = spent, code = "000000" }), 422, "SECOND_FACTOR_INVALID");
        }
        var challenge = await ChallengeAsync("too-often@example.com");
        for (var i = 0; i < 6; i++)
            await IdentityServer.RefusedAsync(identity.PostAsync("/auth/second-factor", new { challenge, code = "000000" }), 429, "TOO_MANY_ATTEMPTS");
    }

    [Fact]
    public async Task RightPassword_WithoutRoomForTheNewHash_IsNoGuess()
    {
        await identity.RegisterAsync("busy-change@example.com");
        var account = await AccountAsync("busy-change@example.com");
        using var slots = new HashSlots(new EachSecondIsLate(), 1, 1);
        var changes = ActivatorUtilities.CreateInstance<PasswordChanges>(identity.Server.Services, new PasswordHasher(slots));
        var caller = new Caller(account.Id, Guid.Empty, account.Email, false, []);
        for (var i = 0; i < 12; i++)
            await BusyAsync(changes.ChangeAsync(caller, IdentityServer.Password, "another correct horse battery", Source, CancellationToken.None));
    }

    [Fact]
    public async Task RightPassword_WithoutRoomForAStrongerHash_IsNoGuess()
    {
        await identity.RegisterAsync("busy-rehash@example.com");
        var account = await AccountAsync("busy-rehash@example.com");
        await identity.Server.Services.GetRequiredService<IDatabase>().AsWorkerAsync(session => AccountStore.SetPasswordHashAsync(session, account.Id, WeakHash()), CancellationToken.None);
        using var slots = new HashSlots(new EachSecondIsLate(), 1, 1);
        var authentication = ActivatorUtilities.CreateInstance<Authentication>(identity.Server.Services, new PasswordHasher(slots));
        for (var i = 0; i < 12; i++)
            await BusyAsync(authentication.LoginAsync(account.Email, IdentityServer.Password, Source, CancellationToken.None));
    }

    private static SignInSource Source => new(new("a test", "test", null), new(null, null), AuditActor.System("a test"), null);

    private static string WeakHash()
    {
        Span<byte> output = stackalloc byte[Sodium.HashLength];
        var bytes = Encoding.UTF8.GetBytes(IdentityServer.Password);
        Sodium.Hash(output, bytes, (ulong)bytes.Length, 1, 8192, Sodium.Argon2Id13).ShouldBe(0);
        return Encoding.ASCII.GetString(output[..output.IndexOf((byte)0)]);
    }

    private async Task<AccountRow> AccountAsync(string email) =>
        (await identity.Server.Services.GetRequiredService<IDatabase>().AsWorkerAsync(session => AccountStore.FindByEmailAsync(session, email), CancellationToken.None))!;

    private static async Task BusyAsync(Task refused) => (await Should.ThrowAsync<FailureException>(refused)).Failure.Code.ShouldBe("PASSWORDS_BUSY");

    private async Task BusyAsync(int times, Func<Task<HttpResponseMessage>> ask)
    {
        await using var full = await HashSlotTests.Full.OfAsync(identity.Server.Services.GetRequiredService<HashSlots>());
        for (var i = 0; i < times; i++)
            await IdentityServer.RefusedAsync(ask(), 503, "PASSWORDS_BUSY");
    }

    private async Task<(object Right, object Wrong)> MailCodeAsync(string email)
    {
        await identity.RegisterAsync(email);
        var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/mail-sign-in", new { email }), 202);
        var (challenge, binding, code) = (IdentityServer.Text(asked, "challenge"), IdentityServer.Text(asked, "binding"), identity.Mails.Newest(AccountMailKind.SignIn, email).Code!);
        return (new { challenge, binding, code }, new { challenge, binding, code = code.StartsWith('0') ? "11111111" : "00000000" });
    }

    private async Task<string> ChallengeAsync(string email) =>
        IdentityServer.Text(await IdentityServer.BodyAsync(identity.PostAsync("/auth/login", new { email, password = IdentityServer.Password }), 202), "challenge");

    /// <summary>With an authenticator app; answers one of the recovery codes.</summary>
    private async Task<string> TurnOnAsync(string email)
    {
        var token = IdentityServer.Text(await identity.RegisterAsync(email), "access_token");
        var app = new AuthenticatorApp(IdentityServer.Text(await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp", new { }, token)), "secret"));
        var on = await IdentityServer.BodyAsync(identity.PostAsync("/auth/totp/confirm", new { code = app.CodeAt(identity.Clock.GetUtcNow(), 0) }, token));
        return on.GetProperty("recovery_codes")[0].GetString()!;
    }

    /// <summary>Time is over at once for each second hash.</summary>
    private sealed class EachSecondIsLate : TimeProvider
    {
        private int _count;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (++_count % 2 == 0)
                callback(state);
            return System.CreateTimer(static _ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
