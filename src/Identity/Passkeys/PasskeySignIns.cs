using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.SecondFactor;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Passkeys;

/// <summary>What a browser is asked: options of the Web Authentication API, and the challenge that they belong to.</summary>
internal sealed record PasskeyQuestion(string Challenge, JsonElement Options);

/// <summary>
/// Passkeys by the framework's WebAuthn: registered by who is signed in, then a whole sign-in by themselves. The state between question and answer is ours, in the
/// database: an answer is taken once, within five minutes.
/// </summary>
internal sealed class PasskeySignIns(
    IDatabase database, IPasskeyHandler<AccountRow> handler, PasskeyStore passkeys, ChallengeStore challenges, SignIns signIns, SessionStore sessions, LastFactor last, SecurityNews news, TimeProvider clock)
{
    private const int AtMost = 20;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private static readonly Failure NotMade = new(FailureKind.Invalid, "PASSKEY_NOT_MADE", "The passkey could not be registered: the answer is not to this question, or not of this site. Begin again.");
    private static readonly Failure NotTaken = new(FailureKind.Unauthenticated, "PASSKEY_INVALID", "This passkey is not known here, or the sign-in took too long. Begin again, or sign in another way.");
    private static readonly Failure TooMany = Failure.Conflict("TOO_MANY_PASSKEYS", $"There are {AtMost} passkeys already. Remove one first.");

    public async Task<Outcome<PasskeyQuestion>> AskToRegisterAsync(Caller caller, HttpContext context)
    {
        var (account, count) = await database.AsWorkerAsync(async session => (await AccountStore.GetAsync(session, caller.AccountId).ConfigureAwait(false),
            (await PasskeyStore.OfAccountAsync(session, caller.AccountId).ConfigureAwait(false)).Count), context.RequestAborted).ConfigureAwait(false);
        if (count >= AtMost)
            return TooMany;
        var entity = new PasskeyUserEntity { Id = account.Id.ToString("N"), Name = account.Email, DisplayName = account.Name };
        var made = await handler.MakeCreationOptionsAsync(entity, context).ConfigureAwait(false);
        return await AskAsync(ChallengeKind.PasskeyRegistration, caller.AccountId, made.AttestationState, made.CreationOptionsJson, context.RequestAborted).ConfigureAwait(false);
    }

    public async Task<Outcome<PasskeyResponse>> RegisterAsync(Caller caller, string challenge, string name, JsonElement credential, HttpContext context)
    {
        if (await TakeAsync(ChallengeKind.PasskeyRegistration, challenge, context.RequestAborted).ConfigureAwait(false) is not { } asked || asked.AccountId != caller.AccountId)
            return NotMade;
        var result = await handler.PerformAttestationAsync(new PasskeyAttestationContext { CredentialJson = credential.GetRawText(), HttpContext = context, AttestationState = asked.State }).ConfigureAwait(false);
        if (!result.Succeeded)
            return NotMade;
        return await database.AsWorkerAsync<Outcome<PasskeyResponse>>(async session =>
        {
            if (!await LivingSession.HoldAsync(session, caller, clock.GetUtcNow()).ConfigureAwait(false))
                return SlowBody.Ended;
            if ((await PasskeyStore.OfAccountAsync(session, caller.AccountId).ConfigureAwait(false)).Count >= AtMost)
                return TooMany;
            var id = await passkeys.AddAsync(session, caller.AccountId, name, result.Passkey).ConfigureAwait(false);
            await sessions.SecondFactorShownAsync(session, caller.SessionId).ConfigureAwait(false);
            await news.TellAsync(session, caller.AccountId, AuditActor.Of(context), "account.passkey_added", $"The passkey{(caller.EmailVerified ? $" '{name}'" : "")} was added. Whoever has it can sign in.", new { name }).ConfigureAwait(false);
            return new PasskeyResponse(TypeId.Format("pky", id), name, result.Passkey.CreatedAt, null);
        }, context.RequestAborted).ConfigureAwait(false);
    }

    public async Task<Failure?> RemoveAsync(Caller caller, Guid id, AuditActor actor, CancellationToken cancellation) => (await database.AsWorkerAsync<Outcome<bool>>(async session =>
    {
        var removed = await last.RemoveAsync(session, caller,
            async () => await PasskeyStore.RemoveAsync(session, caller.AccountId, id).ConfigureAwait(false) > 0, Failure.NotFound("passkey")).ConfigureAwait(false);
        if (removed.Failure is { } refused)
            return refused;
        await news.TellAsync(session, caller.AccountId, actor, "account.passkey_removed", "A passkey was removed.", new { passkey = TypeId.Format("pky", id) }).ConfigureAwait(false);
        return true;
    }, cancellation).ConfigureAwait(false)).Failure;

    /// <summary>For anybody: the same question whoever asks, since the passkey itself tells whose it is.</summary>
    public async Task<PasskeyQuestion> AskToSignInAsync(HttpContext context)
    {
        var made = await handler.MakeRequestOptionsAsync(null, context).ConfigureAwait(false);
        return await AskAsync(ChallengeKind.PasskeyAssertion, null, made.AssertionState, made.RequestOptionsJson, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Possession and the person's own check are two factors: nothing else is asked for.</summary>
    public async Task<Outcome<SignInStep>> SignInAsync(string challenge, JsonElement credential, SignInSource source, HttpContext context)
    {
        if (await ShowAsync(challenge, credential, context).ConfigureAwait(false) is not { } shown || shown.User.DisabledAt is not null)
            return NotTaken;
        return await database.AsWorkerAsync<Outcome<SignInStep>>(async session =>
        {
            // The account first, as whoever closes it or removes the passkey does.
            if (await AccountStore.LockAsync(session, shown.User.Id).ConfigureAwait(false) is not { } account || await passkeys.UsedAsync(session, shown.Passkey).ConfigureAwait(false) == 0)
                return NotTaken;
            return await signIns.FinishAsync(session, account, "passkey", source, twoFactors: true).ConfigureAwait(false) is { } signedIn ? new SignInStep(signedIn, null) : NotTaken;
        }, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Shows that a passkey of this account is at hand; what it is shown for is in the transaction that finds it still there.</summary>
    public async Task<Outcome<T>> ShowAsync<T>(Guid accountId, string challenge, JsonElement credential, HttpContext context, Func<DbSession, Task<Outcome<T>>> then)
    {
        if (await ShowAsync(challenge, credential, context).ConfigureAwait(false) is not { } shown || shown.User.Id != accountId)
            return NotTaken;
        return await database.AsWorkerAsync<Outcome<T>>(async session =>
            await AccountStore.LockAsync(session, accountId).ConfigureAwait(false) is null || await passkeys.UsedAsync(session, shown.Passkey).ConfigureAwait(false) == 0
                ? NotTaken
                : await then(session).ConfigureAwait(false), context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<(AccountRow User, UserPasskeyInfo Passkey)?> ShowAsync(string challenge, JsonElement credential, HttpContext context)
    {
        if (await TakeAsync(ChallengeKind.PasskeyAssertion, challenge, context.RequestAborted).ConfigureAwait(false) is not { } asked)
            return null;
        var result = await handler.PerformAssertionAsync(new PasskeyAssertionContext { CredentialJson = credential.GetRawText(), HttpContext = context, AssertionState = asked.State }).ConfigureAwait(false);
        return result.Succeeded ? (result.User, result.Passkey) : null;
    }

    private async Task<PasskeyQuestion> AskAsync(ChallengeKind kind, Guid? accountId, string? state, string options, CancellationToken cancellation)
    {
        var asked = await challenges.PrepareAsync(new ChallengeDraft(kind, Lifetime) { AccountId = accountId, State = state }, cancellation).ConfigureAwait(false);
        await database.AsWorkerAsync(async session =>
        {
            await challenges.AddAsync(session, asked).ConfigureAwait(false);
            return true;
        }, cancellation).ConfigureAwait(false);
        return new PasskeyQuestion(asked.Secret, JsonDocument.Parse(options).RootElement);
    }

    private Task<ChallengeRow?> TakeAsync(ChallengeKind kind, string challenge, CancellationToken cancellation) => database.AsWorkerAsync(async session =>
        await challenges.FindAsync(session, kind, challenge).ConfigureAwait(false) is { } row && await challenges.UseAsync(session, row.Id).ConfigureAwait(false) ? row : null, cancellation);
}
