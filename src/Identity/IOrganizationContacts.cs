using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>A person to write to.</summary>
public sealed record Contact(Guid AccountId, string Email, string Name, bool EmailVerified);

/// <summary>Whom to tell what happens to an organization.</summary>
public interface IOrganizationContacts
{
    /// <summary>Its owners and admins whose accounts are not disabled, owners first, a hundred at most; as worker.</summary>
    Task<IReadOnlyList<Contact>> AdminsAsync(DbSession session, Guid organizationId);
}
