using Tollgate.Foundation;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.Passwords;

namespace Tollgate.Identity.MailSignIn;

/// <summary>
/// Signing in by a mail with a code and a link: ten minutes, once, and only by who asked, whose browser holds a secret. Everything that can be seen from outside is
/// the same for an address without an account.
/// </summary>
internal sealed class MailSignIns(
    IDatabase database, AccountStore accounts, ChallengeStore challenges, MailLimits mails, IAccountMailer mailer, SignIns signIns, WaysIn waysIn, IAuditLog audit)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private static readonly Failure CodeInvalid = new(FailureKind.Unauthenticated, "SIGN_IN_CODE_INVALID", "This code is wrong, was used, or is too old. After five wrong ones ask for another mail.");
    private static readonly Failure LinkInvalid = new(FailureKind.Unauthenticated, "SIGN_IN_LINK_INVALID", "This link is wrong, was used, or is older than ten minutes. Ask for another one.");
    private static readonly Failure OtherBrowser = new(FailureKind.Unauthenticated, "SIGN_IN_LINK_ELSEWHERE", "Open the link in the browser in which you asked for it, or type the code there.");

    public async Task<IssuedChallenge> AskAsync(string address, AttemptOrigin origin, CancellationToken cancellation)
    {
        var email = AccountStore.Normalize(address);
        var asked = await challenges.PrepareAsync(new ChallengeDraft(ChallengeKind.MailSignIn, Lifetime) { Email = email, HasCode = true, IsBound = true }, cancellation).ConfigureAwait(false);
        await database.AsWorkerAsync(async session =>
        {
            var account = await AccountStore.FindByEmailAsync(session, email).ConfigureAwait(false);
            var few = await mails.TakeAsync(session, AccountMailKind.SignIn, email, account, origin).ConfigureAwait(false);
            var isFor = account is { DisabledAt: null } && few ? account : null;
            await challenges.AddAsync(session, asked with { Draft = asked.Draft with { AccountId = isFor?.Id } }).ConfigureAwait(false);
            await mailer.SendAsync(session, new AccountMail(AccountMailKind.SignIn, email, isFor?.NameInMails ?? "")
            {
                Code = asked.CodeInGroups,
                Path = $"/sign-in/link#{asked.Secret}",
                ExpiresAt = asked.ExpiresAt,
                IsDecoy = isFor is null,
            }).ConfigureAwait(false);
            return true;
        }, cancellation).ConfigureAwait(false);
        return asked;
    }

    public async Task<Outcome<SignInStep>> ByCodeAsync(string challenge, string code, string? binding, SignInSource source, CancellationToken cancellation)
    {
        var row = await challenges.GuessCodeAsync(ChallengeKind.MailSignIn, ChallengeStore.IdOf(challenge), code, cancellation).ConfigureAwait(false);
        if (row is not { AccountId: not null } || !ChallengeStore.IsBoundTo(row, binding))
            return CodeInvalid;
        return await database.AsWorkerAsync(session => SignInAsync(session, row, "mail_code", source, CodeInvalid), cancellation).ConfigureAwait(false);
    }

    public async Task<Outcome<SignInStep>> ByLinkAsync(string token, string? binding, SignInSource source, CancellationToken cancellation)
    {
        var row = await database.AsWorkerAsync(session => challenges.FindAsync(session, ChallengeKind.MailSignIn, token), cancellation).ConfigureAwait(false);
        if (row is not { AccountId: not null })
            return LinkInvalid;
        // Who has the link has the mail; that somebody else asked for it is worth knowing.
        if (!ChallengeStore.IsBoundTo(row, binding))
            return OtherBrowser;
        return await database.AsWorkerAsync(session => SignInAsync(session, row, "mail_link", source, LinkInvalid), cancellation).ConfigureAwait(false);
    }

    private async Task<Outcome<SignInStep>> SignInAsync(DbSession session, ChallengeRow row, string way, SignInSource source, Failure invalid)
    {
        // The account first, as whoever closes it does.
        if (await AccountStore.LockAsync(session, row.AccountId!.Value).ConfigureAwait(false) is not { DisabledAt: null } account || account.Email != row.Email
            || !await challenges.UseAsync(session, row.Id).ConfigureAwait(false))
            return invalid;
        if (await accounts.SetVerifiedAsync(session, account.Id, row.Email).ConfigureAwait(false) == 1)
            await ProvedAsync(session, account, source).ConfigureAwait(false);
        return await signIns.GoOnAsync(session, account, way, source).ConfigureAwait(false) is { } step ? step : invalid;
    }

    // The first proof of the mailbox: unless this browser had signed in before, somebody else may have registered the address.
    private async Task ProvedAsync(DbSession session, AccountRow account, SignInSource source)
    {
        var actor = source.Actor.As(account.Id, account.Email);
        await audit.WriteAsync(session, actor, new AuditChange("account.email_verified", TypeId.Format("acc", account.Id), After: new { account.Email })).ConfigureAwait(false);
        if (await WaysIn.IsKnownAsync(session, account.Id, source).ConfigureAwait(false))
            return;
        await waysIn.DropAsync(session, account, actor).ConfigureAwait(false);
        await AccountStore.SetPasswordHashAsync(session, account.Id, PasswordHasher.None).ConfigureAwait(false);
    }
}
