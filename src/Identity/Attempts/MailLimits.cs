using Tollgate.Foundation;
using Tollgate.Identity.Accounts;

namespace Tollgate.Identity.Attempts;

/// <summary>No more invitations, and why; until when, where that is the account's own doing alone.</summary>
internal sealed record InvitationsFull(string Why, DateTimeOffset? Until);

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

    // Over all organizations: whoever makes one organization after the other has as many mails as before.
    private const int InvitationsByOneAccount = 100;
    private const int InvitationsToOneAddress = 10;

    // So few that it takes several to fill an address for the others.
    private const int InvitationsByOneAccountToOneAddress = 3;

    private const string AddressIsFull = "No more invitations go to this address now.";

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
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

    /// <summary>
    /// Counts an invitation, by who sends it and by where it goes, whatever organization it is to. Null, or why there were enough. When an address is free again is told to
    /// nobody: it would say when somebody else began to invite it. Who has sent it less than three learns that others have, at the price of the mails that he could send.
    /// </summary>
    public async Task<InvitationsFull?> TakeInvitationAsync(DbSession session, Guid accountId, string email)
    {
        var sent = await counts.AddAsync(session, AttemptCounts.SubjectOf("invitations.by", accountId.ToString()), "account", Day).ConfigureAwait(false);
        if (sent.Count > InvitationsByOneAccount)
            return new InvitationsFull($"You have sent {InvitationsByOneAccount} invitations within a day.", sent.EndsAt);
        // Before the address: what is one too many of one account is not counted for the others.
        var own = await counts.AddAsync(session, AttemptCounts.SubjectOf("invitations.pair", $"{accountId} {email}"), "account", Day).ConfigureAwait(false);
        if (own.Count > InvitationsByOneAccountToOneAddress)
            return new InvitationsFull(AddressIsFull, null);
        var got = await counts.AddAsync(session, AttemptCounts.SubjectOf("invitations.to", email), "address", Day).ConfigureAwait(false);
        return got.Count > InvitationsToOneAddress ? new InvitationsFull(AddressIsFull, null) : null;
    }

    /// <summary>News about an account, by the address that they go to: it may be registered, deleted and registered again.</summary>
    public async Task<bool> TakeNewsAsync(DbSession session, string email) =>
        (await counts.AddAsync(session, AttemptCounts.SubjectOf("mail.news", email), "account", Hour).ConfigureAwait(false)).Count <= NewsOfOneAddress;

    /// <summary>
    /// That an organization asks for a second factor, once a day. Counted by itself: who asks and lifts it again and again leaves room for the news of the member's own account.
    /// </summary>
    public async Task<bool> TakeAskedAsync(DbSession session, Guid organizationId, string email) =>
        (await counts.AddAsync(session, AttemptCounts.SubjectOf("mail.factor_asked", $"{organizationId} {email}"), "organization", Day).ConfigureAwait(false)).Count == 1;

    /// <summary>The address has been proved: what somebody else made happen before holds back none of the owner's news.</summary>
    public static Task<int> ForgetNewsAsync(DbSession session, string email) =>
        session.ExecuteAsync("DELETE FROM identity.attempt WHERE subject = @subject", new { subject = AttemptCounts.SubjectOf("mail.news", email) });

    /// <summary>The owner of the mailbox was here: what strangers have asked for is of no account any more.</summary>
    public static Task<int> ForgetStrangersAsync(DbSession session, string email) => session.ExecuteAsync(
        "DELETE FROM identity.attempt WHERE subject = ANY (@subjects) AND source = @Strangers",
        new { subjects = Kinds.Select(kind => SubjectOf(kind, email)).ToArray(), AttemptSource.Strangers });

    private static byte[] SubjectOf(AccountMailKind kind, string email) => AttemptCounts.SubjectOf($"mail.{kind}", email);
}
