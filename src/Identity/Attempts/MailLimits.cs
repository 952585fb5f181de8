using Tollgate.Foundation;
using Tollgate.Identity.Accounts;

namespace Tollgate.Identity.Attempts;

/// <summary>
/// How many mails of a kind an address is sent. Five within the kind's time for one browser or network that asks, so that a stranger uses up nobody else's; thirty an
/// hour for all strangers together, so that nobody floods a mailbox from many places. Browsers and networks that the account has signed in from are counted by
/// themselves. For an address without an account the same is counted with the same work.
/// </summary>
internal sealed class MailLimits(AttemptCounts counts)
{
    private const int FromOneSource = 5;
    private const int Together = 30;
    private const int ChangesOfOneAccount = 5;

    /// <summary>Of what happened to an account, an hour: whoever registers another's address makes it happen as often as they like.</summary>
    public const int NewsOfOneAddress = 20;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan QuarterOfAnHour = TimeSpan.FromMinutes(15);
    private static readonly AccountMailKind[] Kinds = [AccountMailKind.SignIn, AccountMailKind.ResetPassword, AccountMailKind.VerifyEmail, AccountMailKind.ConfirmNewEmail];

    /// <summary>Counts one in the transaction that sends it; false when there were enough. Whoever asks anonymously is not told.</summary>
    public async Task<bool> TakeAsync(DbSession session, AccountMailKind kind, string email, AccountRow? account, AttemptOrigin origin)
    {
        // Nobody has shown that the mailbox is the account's: where it signed in from is no reason to trust.
        var source = await counts.SourceAsync(session, account is { EmailVerifiedAt: not null } ? account.Id : null, origin).ConfigureAwait(false);
        var subject = SubjectOf(kind, email);
        var own = await counts.AddAsync(session, subject, source.Name, kind == AccountMailKind.SignIn ? QuarterOfAnHour : Hour).ConfigureAwait(false);
        return own.Count <= FromOneSource && (await counts.AddAsync(session, subject, source.Together, Hour).ConfigureAwait(false)).Count <= Together;
    }

    /// <summary>Each is a mail to an address of the account's choice, and one to its own.</summary>
    public async Task<bool> TakeChangeAsync(DbSession session, Guid accountId) =>
        (await counts.AddAsync(session, AttemptCounts.SubjectOf("mail.changes", accountId.ToString()), "account", Hour).ConfigureAwait(false)).Count <= ChangesOfOneAccount;

    /// <summary>News about an account, by the address that they go to: it may be registered, deleted and registered again.</summary>
    public async Task<bool> TakeNewsAsync(DbSession session, string email) =>
        (await counts.AddAsync(session, AttemptCounts.SubjectOf("mail.news", email), "account", Hour).ConfigureAwait(false)).Count <= NewsOfOneAddress;

    /// <summary>The address has been proved: what somebody else made happen before holds back none of the owner's news.</summary>
    public static Task<int> ForgetNewsAsync(DbSession session, string email) =>
        session.ExecuteAsync("DELETE FROM identity.attempt WHERE subject = @subject", new { subject = AttemptCounts.SubjectOf("mail.news", email) });

    /// <summary>The owner of the mailbox was here: what strangers have asked for is of no account any more.</summary>
    public static Task<int> ForgetStrangersAsync(DbSession session, string email) => session.ExecuteAsync(
        "DELETE FROM identity.attempt WHERE subject = ANY (@subjects) AND source = @Strangers",
        new { subjects = Kinds.Select(kind => SubjectOf(kind, email)).ToArray(), AttemptSource.Strangers });

    private static byte[] SubjectOf(AccountMailKind kind, string email) => AttemptCounts.SubjectOf($"mail.{kind}", email);
}
