using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Passwords;

/// <summary>A new password: by the current one, or by a link in a mail. Both end sessions and tell the account; neither changes a second factor of somebody who has proved the address.</summary>
internal sealed class PasswordChanges(
    IDatabase database, AccountStore accounts, ChallengeStore challenges, PasswordHasher hasher, SessionStore sessions, AttemptLimits attempts, MailLimits mails, WaysIn waysIn, IAccountMailer mailer, IAuditLog audit,
    TimeProvider clock)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private static readonly Failure LinkInvalid = new(FailureKind.Invalid, "RESET_LINK_INVALID", "This link is wrong, was used, or is older than ten minutes. Ask for another one.");
    private static readonly Failure WrongPassword = Failure.Invalid("current_password", "PASSWORD_WRONG", "This is not your current password.");

    /// <summary>Ends all other sessions.</summary>
    public async Task<Failure?> ChangeAsync(Caller caller, string current, string next, SignInSource source, CancellationToken cancellation)
    {
        var account = await database.AsWorkerAsync(session => AccountStore.FindAsync(session, caller.AccountId), cancellation).ConfigureAwait(false);
        var counted = await attempts.CountAsync(AttemptLimits.PasswordOf(caller.Email), caller.AccountId, source.Origin, cancellation).ConfigureAwait(false);
        if (counted.Failure is { } tooMany)
            return tooMany;
        if (!await attempts.LookAsync(counted.Value, () => hasher.VerifyAsync(account?.PasswordHash, current, cancellation)).ConfigureAwait(false))
            return WrongPassword;
        if (PasswordPolicy.Refusal("password", next, account!.Email, account.Name) is { } refused)
            return refused;
        var hash = await attempts.LookAsync(counted.Value, () => hasher.HashAsync(next, cancellation)).ConfigureAwait(false);
        return await database.AsWorkerAsync(async session =>
        {
            // A sign-in that is on its way has the row: its session is there to be ended. Whoever has reset the password meanwhile, or ended this session, has the last word.
            if (await LivingSession.HoldAsync(session, account.Id, caller.SessionId, clock.GetUtcNow()).ConfigureAwait(false) is not { } now)
                return SlowBody.Ended;
            if (now.PasswordHash != account.PasswordHash)
                return WrongPassword;
            await AttemptLimits.ForgiveAsync(session, counted.Value).ConfigureAwait(false);
            await sessions.EndOthersAsync(session, account.Id, caller.SessionId, "password_changed").ConfigureAwait(false);
            await challenges.VoidAsync(session, account.Id).ConfigureAwait(false);
            var few = await mails.TakeNewsAsync(session, account.Email).ConfigureAwait(false);
            await SetAsync(session, account, hash, source.Actor, "account.password_changed", isDecoy: !few).ConfigureAwait(false);
            return (Failure?)null;
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Mails a link, if the address has an account; with the same work if it has none.</summary>
    public async Task AskForResetAsync(string address, AttemptOrigin origin, CancellationToken cancellation)
    {
        var email = AccountStore.Normalize(address);
        var link = await challenges.PrepareAsync(new ChallengeDraft(ChallengeKind.ResetPassword, Lifetime) { Email = email }, cancellation).ConfigureAwait(false);
        await database.AsWorkerAsync(async session =>
        {
            var account = await AccountStore.FindByEmailAsync(session, email).ConfigureAwait(false);
            var few = await mails.TakeAsync(session, AccountMailKind.ResetPassword, email, account, origin).ConfigureAwait(false);
            var isFor = account is { DisabledAt: null } && few ? account : null;
            await challenges.AddAsync(session, link with { Draft = link.Draft with { AccountId = isFor?.Id } }).ConfigureAwait(false);
            await mailer.SendAsync(session, new AccountMail(AccountMailKind.ResetPassword, email, isFor?.NameInMails ?? "")
            {
                Path = $"/reset-password#{link.Secret}",
                ExpiresAt = link.ExpiresAt,
                IsDecoy = isFor is null,
            }).ConfigureAwait(false);
            return true;
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>Ends all sessions. Nobody is signed in by it: who has a second factor needs it at the next sign-in, as before.</summary>
    public async Task<Failure?> ResetAsync(string token, string next, AuditActor actor, CancellationToken cancellation)
    {
        var asked = await database.AsWorkerAsync(async session => await challenges.FindAsync(session, ChallengeKind.ResetPassword, token).ConfigureAwait(false) is { AccountId: { } id } row
            ? (row, account: await AccountStore.FindAsync(session, id).ConfigureAwait(false))
            : (null, null), cancellation).ConfigureAwait(false);
        if (asked is not ({ } challenge, { DisabledAt: null } account))
            return LinkInvalid;
        // Before the link is used up: whoever chooses a bad one may choose again.
        if (PasswordPolicy.Refusal("password", next, account.Email, account.Name) is { } refused)
            return refused;
        var hash = await hasher.HashAsync(next, cancellation).ConfigureAwait(false);
        return await database.AsWorkerAsync(async session =>
        {
            // A link that was asked for while the account took another address is in a mailbox that is the account's no longer.
            if (await AccountStore.LockAsync(session, account.Id).ConfigureAwait(false) is not { DisabledAt: null } now || now.Email != challenge.Email
                || !await challenges.UseAsync(session, challenge.Id).ConfigureAwait(false))
                return LinkInvalid;
            await challenges.VoidAsync(session, account.Id).ConfigureAwait(false);
            var by = actor.As(account.Id, account.Email);
            // The first proof of the mailbox: somebody else may have registered the address.
            if (await accounts.SetVerifiedAsync(session, account.Id, challenge.Email!).ConfigureAwait(false) == 1)
                await waysIn.DropAsync(session, account, by).ConfigureAwait(false);
            await sessions.EndAllAsync(session, account.Id, "password_reset").ConfigureAwait(false);
            await AttemptLimits.ForgetStrangersAsync(session, account.Email).ConfigureAwait(false);
            await MailLimits.ForgetStrangersAsync(session, account.Email).ConfigureAwait(false);
            await SetAsync(session, account, hash, by, "account.password_reset").ConfigureAwait(false);
            return null;
        }, cancellation).ConfigureAwait(false);
    }

    private async Task SetAsync(DbSession session, AccountRow account, string hash, AuditActor actor, string action, bool isDecoy = false)
    {
        await AccountStore.SetPasswordHashAsync(session, account.Id, hash).ConfigureAwait(false);
        await mailer.SendAsync(session, new AccountMail(AccountMailKind.PasswordChanged, account.Email, account.NameInMails) { IsDecoy = isDecoy }).ConfigureAwait(false);
        await audit.WriteAsync(session, actor, new AuditChange(action, TypeId.Format("acc", account.Id))).ConfigureAwait(false);
    }
}
