using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>A person to write to.</summary>
public sealed record Contact(Guid AccountId, string Email, string Name, bool EmailVerified);

/// <summary>Whom to tell what happens to an organization.</summary>
public interface IOrganizationContacts
{
    /// <summary>Its owners and admins whose accounts are not disabled, owners first, a hundred at most; as worker.</summary>
    Task<IReadOnlyList<Contact>> AdminsAsync(DbSession session, Guid organizationId);

    /// <summary>
    /// Counts one more of the news that an address is sent within an hour; false when it had enough of them. As worker, in the transaction that sends it, and for several
    /// addresses in the order of <see cref="StringComparer.Ordinal"/>: others count too.
    /// </summary>
    Task<bool> TakeNewsAsync(DbSession session, string email);
}
