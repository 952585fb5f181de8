using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>How an organization is called now, and the slugs that it gave up and that still lead to it.</summary>
public sealed record OrganizationNames(Guid Id, string Slug, string Name, IReadOnlyList<string> FormerSlugs);

/// <summary>Modules that keep copies of an organization's name or slug join here; they change in the same transaction, as app, under the organization's row-level security.</summary>
public interface IOrganizationStep
{
    Task RenamedAsync(DbSession session, OrganizationNames names);
}

/// <summary>Modules that an organization cannot be removed from under join here.</summary>
public interface IOrganizationRemovalCheck
{
    /// <summary>With the organization locked; as app, or as worker when its last owner's account is deleted. What stands against it, as the end of a sentence that begins with "There are still" (<c>2 live subscriptions</c>); null for nothing.</summary>
    Task<string?> HindranceAsync(DbSession session, Guid organizationId);
}

/// <summary>Where the addresses of an organization that gave up its slug lead now.</summary>
public interface IFormerSlugs
{
    /// <summary>The slug of today; null when nobody gave this one up.</summary>
    Task<string?> FindAsync(string slug, CancellationToken cancellation);
}
