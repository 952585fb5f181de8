using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>What other modules may know of an organization.</summary>
public sealed record Organization(Guid Id, string Slug, string Name, string TimeZone)
{
    /// <summary>By those who run the installation (<see cref="SuspendedOrganization"/>).</summary>
    public bool Suspended { get; init; }

    /// <summary>Of all its members: who has shown none sees nothing of it.</summary>
    public bool RequireSecondFactor { get; init; }
}

/// <summary>Questions about organizations. They run in the caller's transaction, under its row-level security: an organization that it is no member of is null.</summary>
public interface IOrganizations
{
    Task<Organization?> FindAsync(DbSession session, Guid id);

    /// <summary>
    /// The same, and until the transaction's end nobody renames, suspends or removes it; null for one that was removed. For whatever keeps it from being removed, before
    /// any other row is locked.
    /// </summary>
    Task<Organization?> HoldAsync(DbSession session, Guid id);

    Task<Organization?> FindBySlugAsync(DbSession session, string slug);
}

/// <summary>Creates accounts outside of a request: the first operator and the demo's people. Idempotent by address.</summary>
public interface IAccountSeeder
{
    /// <summary>Answers the account, its personal organization and whether it was made now.</summary>
    Task<SeededAccount> EnsureAccountAsync(string email, string name, string password, bool isOperator, CancellationToken cancellation);

    /// <summary>An organization with this slug and owner; the time zone is IANA.</summary>
    Task<Organization> EnsureOrganizationAsync(Guid ownerAccountId, string slug, string name, CancellationToken cancellation);

    /// <summary>The account as a caller, so that seeding uses the same code as a request does.</summary>
    Task<Caller> ImpersonateAsync(Guid accountId, CancellationToken cancellation);
}

public sealed record SeededAccount(Guid AccountId, Organization Organization, bool Created);
