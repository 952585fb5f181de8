using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>What a mail is about; each kind has its own text where mails are written.</summary>
public enum AccountMailKind
{
    /// <summary>Proves the address of a new account: code and link.</summary>
    VerifyEmail,

    /// <summary>Proves the new address of an account: code and link, to the new one.</summary>
    ConfirmNewEmail,

    /// <summary>Tells the old address that a change was asked for. Values: `new_email`.</summary>
    EmailChangeAsked,

    /// <summary>Tells the old address that it is the account's no longer. Values: `new_email`.</summary>
    EmailChanged,

    /// <summary>A way to a new password: link.</summary>
    ResetPassword,

    /// <summary>Tells that the password is another one.</summary>
    PasswordChanged,

    /// <summary>Signs in without a password: code and link.</summary>
    SignIn,

    /// <summary>Tells what changed about the ways to sign in. Values: `change`, a sentence.</summary>
    SecurityChanged,

    /// <summary>Tells that the account is gone.</summary>
    AccountDeleted,

    /// <summary>An invitation into an organization: link. Values: `organization`, `inviter`, `role`.</summary>
    Invitation,

    /// <summary>Tells an owner or admin that those who run the installation have suspended the organization. Values: `organization`, `reason`.</summary>
    OrganizationSuspended,

    /// <summary>Tells them that this was lifted. Values: `organization`.</summary>
    OrganizationUnsuspended,

    /// <summary>Tells a member that the organization asks for a second factor from now on: link to where one is added. Values: `organization`.</summary>
    SecondFactorAsked,
}

/// <summary>
/// A mail to one person. <paramref name="Name"/> is how the person is greeted, empty when it is not known. Code and path are secrets: they are ciphertext
/// until the mail is sent, and erased then, or when <see cref="ExpiresAt"/> has passed.
/// </summary>
public sealed record AccountMail(AccountMailKind Kind, string To, string Name)
{
    /// <summary>What the person types, in groups.</summary>
    public string? Code { get; init; }

    /// <summary>Where the link leads: a path of the portal, with the secret behind a `#`, so that no server's log has it.</summary>
    public string? Path { get; init; }

    /// <summary>What the text of this kind names besides.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>After this the mail is of no use and is not sent any more; null for news.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>
    /// What the news are about, and whose they are, without an address. A newer one of the same topic takes the place of those that are not sent yet: what comes last is true.
    /// </summary>
    public string? Topic { get; init; }

    /// <summary>When it became so, where that is earlier than this mail: which of the news of a topic are newer.</summary>
    public DateTimeOffset? HappenedAt { get; init; }

    /// <summary>
    /// Takes the same work and reaches nobody: so that the time of an answer does not tell whether an address has an account. One that has a topic takes the place of older
    /// ones all the same.
    /// </summary>
    public bool IsDecoy { get; init; }
}

/// <summary>Sends mails of accounts and organizations. The module that writes mails implements it; without one, nothing is sent.</summary>
public interface IAccountMailer
{
    /// <summary>Sends it when, and only when, <paramref name="session"/> (of the app or the worker) commits.</summary>
    Task SendAsync(DbSession session, AccountMail mail);
}

/// <summary>Where no module writes mails.</summary>
internal sealed class NoMail : IAccountMailer
{
    public Task SendAsync(DbSession session, AccountMail mail) => Task.CompletedTask;
}
