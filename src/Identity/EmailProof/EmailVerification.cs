using Npgsql;
using Tollgate.Foundation;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Challenges;

namespace Tollgate.Identity.EmailProof;

/// <summary>
/// Proves that an address is the account's: the one it registered with, or the one it changes to. Code or link, each once, for a day, and only by who is signed in to
/// that account: whoever opens the mail of a stranger's registration must not prove the address for the stranger.
/// </summary>
internal sealed class EmailVerification(
    IDatabase database, AccountStore accounts, ChallengeStore challenges, MailLimits mails, IAccountMailer mailer, IAuditLog audit, TimeProvider clock)
{
    public static readonly Failure Invalid = new(FailureKind.Invalid, "EMAIL_PROOF_INVALID", "This code or link is wrong, was used, or is too old. Ask for another one.");

    public static readonly Failure SignInFirst = new(FailureKind.Unauthenticated, "UNAUTHENTICATED", "Sign in, then open the link again. It counts for the account that it was mailed for.");

    private static readonly Failure Unchanged = Failure.Invalid("email", "EMAIL_UNCHANGED", "This is the address of your account already.");

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);
    private static readonly TimeSpan Within = TimeSpan.FromHours(1);
    private static readonly Failure TooMany = new(FailureKind.LimitReached, "TOO_MANY_MAILS", "There were several mails within the hour. Look for them, also among the unwanted ones, or try again later.") { RetryAfterSeconds = (int)Within.TotalSeconds };

    /// <summary>The secrets of a mail that may follow; it takes a hash's time.</summary>
    public Task<IssuedChallenge> PrepareAsync(string email, CancellationToken cancellation) => challenges.PrepareAsync(Draft(ChallengeKind.VerifyEmail, email), cancellation);

    /// <summary>False, and nothing is mailed, when the address had enough of them.</summary>
    public async Task<bool> AskAsync(DbSession session, AccountRow account, IssuedChallenge proof, AttemptOrigin origin)
    {
        if (!await mails.TakeAsync(session, AccountMailKind.VerifyEmail, account.Email, account, origin).ConfigureAwait(false))
            return false;
        var asked = proof with { Draft = proof.Draft with { AccountId = account.Id } };
        await challenges.AddAsync(session, asked).ConfigureAwait(false);
        await mailer.SendAsync(session, MailOf(AccountMailKind.VerifyEmail, account, asked)).ConfigureAwait(false);
        return true;
    }

    /// <summary>The mail of register once more.</summary>
    public async Task<Failure?> AskAgainAsync(Guid accountId, AttemptOrigin origin, CancellationToken cancellation)
    {
        var account = await database.AsWorkerAsync(session => AccountStore.FindAsync(session, accountId), cancellation).ConfigureAwait(false);
        if (account is null || account.EmailVerifiedAt is not null)
            return null;
        var proof = await PrepareAsync(account.Email, cancellation).ConfigureAwait(false);
        return await database.AsWorkerAsync(session => AskAsync(session, account, proof, origin), cancellation).ConfigureAwait(false) ? null : TooMany;
    }

    /// <summary>Mails the new address a proof and tells the old one. Whether somebody else has the new one, nobody is told.</summary>
    public async Task<Failure?> AskForChangeAsync(Caller caller, string newEmail, AttemptOrigin origin, AuditActor actor, CancellationToken cancellation)
    {
        var accountId = caller.AccountId;
        var email = AccountStore.Normalize(newEmail);
        // Else one of the few changes within the hour is used up, for a mail that never comes.
        if (email == caller.Email)
            return Unchanged;
        var draft = Draft(ChallengeKind.ChangeEmail, email) with { AccountId = accountId, State = caller.SessionId.ToString() };
        var proof = await challenges.PrepareAsync(draft, cancellation).ConfigureAwait(false);
        return await database.AsWorkerAsync(async session =>
        {
            if (await AccountStore.FindAsync(session, accountId).ConfigureAwait(false) is not { } account)
                return Invalid;
            if (!await mails.TakeChangeAsync(session, accountId).ConfigureAwait(false) || !await mails.TakeAsync(session, AccountMailKind.ConfirmNewEmail, email, null, origin).ConfigureAwait(false))
                return TooMany;
            var isTaken = await AccountStore.FindByEmailAsync(session, email).ConfigureAwait(false) is not null;
            await challenges.AddAsync(session, proof).ConfigureAwait(false);
            await mailer.SendAsync(session, MailOf(AccountMailKind.ConfirmNewEmail, account, proof) with { To = email, IsDecoy = isTaken }).ConfigureAwait(false);
            var few = await mails.TakeNewsAsync(session, account.Email).ConfigureAwait(false);
            var named = account.EmailVerifiedAt is null ? "another address" : email;
            await mailer.SendAsync(session, new AccountMail(AccountMailKind.EmailChangeAsked, account.Email, account.NameInMails) { Values = Named("new_email", named), IsDecoy = !few }).ConfigureAwait(false);
            await audit.WriteAsync(session, actor, new AuditChange("account.email_change_asked", TypeId.Format("acc", accountId), Before: new { account.Email }, After: new { email })).ConfigureAwait(false);
            return (Failure?)null;
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Of another account's link nothing is used up.</summary>
    public Task<Failure?> ProveByLinkAsync(Guid accountId, string token, AuditActor actor, CancellationToken cancellation) => ProveAsync(async session =>
    {
        var (kind, row) = (ChallengeKind.VerifyEmail, await challenges.FindAsync(session, ChallengeKind.VerifyEmail, token).ConfigureAwait(false));
        if (row is null)
            (kind, row) = (ChallengeKind.ChangeEmail, await challenges.FindAsync(session, ChallengeKind.ChangeEmail, token).ConfigureAwait(false));
        if (row is null)
            return Invalid;
        return row.AccountId != accountId ? SignInFirst : await ProvedAsync(session, kind, row, actor).ConfigureAwait(false);
    }, cancellation);

    /// <summary>By the code of the newest mail to the account, which must be the caller's own.</summary>
    public async Task<Failure?> ProveByCodeAsync(ChallengeKind kind, Guid accountId, string code, AuditActor actor, CancellationToken cancellation)
    {
        var newest = await database.AsWorkerAsync(session => challenges.NewestAsync(session, kind, accountId), cancellation).ConfigureAwait(false);
        var row = await challenges.GuessCodeAsync(kind, newest, code, cancellation).ConfigureAwait(false);
        return row is null ? Invalid : await ProveAsync(session => ProvedAsync(session, kind, row, actor), cancellation).ConfigureAwait(false);
    }

    private async Task<Failure?> ProveAsync(Func<DbSession, Task<Failure?>> prove, CancellationToken cancellation)
    {
        try
        {
            return await database.AsWorkerAsync(prove, cancellation).ConfigureAwait(false);
        }
        catch (PostgresException exception) when (AccountStore.IsTaken(exception))
        {
            return AccountStore.EmailTaken;
        }
    }

    private async Task<Failure?> ProvedAsync(DbSession session, ChallengeKind kind, ChallengeRow row, AuditActor actor)
    {
        // The account first, as whoever voids the question does.
        if (await AccountStore.LockAsync(session, row.AccountId!.Value).ConfigureAwait(false) is not { } account || !await challenges.UseAsync(session, row.Id).ConfigureAwait(false))
            return Invalid;
        var by = actor.As(account.Id, account.Email);
        var subject = TypeId.Format("acc", account.Id);
        if (kind == ChallengeKind.VerifyEmail)
        {
            if (await accounts.SetVerifiedAsync(session, account.Id, row.Email!).ConfigureAwait(false) == 1)
            {
                await MailLimits.ForgetNewsAsync(session, account.Email).ConfigureAwait(false);
                await audit.WriteAsync(session, by, new AuditChange("account.email_verified", subject, After: new { account.Email })).ConfigureAwait(false);
            }
            return account.Email == row.Email ? null : Invalid;
        }
        // Who asked for another address and was signed out since may have been a thief.
        if (!Guid.TryParse(row.State, out var asker) || !await LivingSession.IsAsync(session, account.Id, asker, clock.GetUtcNow()).ConfigureAwait(false))
            return Invalid;
        if (!await accounts.SetEmailAsync(session, account.Id, row.Email!).ConfigureAwait(false))
            return AccountStore.EmailTaken;
        await challenges.VoidAsync(session, account.Id).ConfigureAwait(false);
        var few = await mails.TakeNewsAsync(session, account.Email).ConfigureAwait(false);
        await mailer.SendAsync(session, new AccountMail(AccountMailKind.EmailChanged, account.Email, account.NameInMails) { Values = Named("new_email", row.Email!), IsDecoy = !few }).ConfigureAwait(false);
        await audit.WriteAsync(session, by, new AuditChange("account.email_changed", subject, Before: new { account.Email }, After: new { row.Email })).ConfigureAwait(false);
        return null;
    }

    private static ChallengeDraft Draft(ChallengeKind kind, string email) => new(kind, Lifetime) { Email = email, HasCode = true };

    private static AccountMail MailOf(AccountMailKind kind, AccountRow account, IssuedChallenge proof) => new(kind, account.Email, account.NameInMails)
    {
        Code = proof.CodeInGroups,
        Path = $"/verify-email#{proof.Secret}",
        ExpiresAt = proof.ExpiresAt,
    };

    private static Dictionary<string, string> Named(string name, string value) => new(StringComparer.Ordinal) { [name] = value };
}
