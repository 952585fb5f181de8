using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>The roles of a member of an organization, from most to least.</summary>
public enum OrganizationRole
{
    Owner,
    Admin,
    Developer,
    Billing,
    Viewer,
}

/// <summary>What a member may do; <see cref="Caller.May"/> holds the one table of role → permission.</summary>
public enum Permission
{
    /// <summary>See the organization's things and the sums of its usage.</summary>
    View,

    /// <summary>Read the single calls: paths, request ids, the addresses of the organization's own clients.</summary>
    ReadRequestLog,

    /// <summary>Create, edit, publish and archive APIs, plans.</summary>
    ManageApis,

    /// <summary>Report usage of the organization's own meters for subscribers of its APIs.</summary>
    ReportUsage,

    /// <summary>Subscribe, cancel; create and revoke keys.</summary>
    ManageSubscriptions,

    /// <summary>See invoices and revenue, change payment.</summary>
    ManageBilling,

    /// <summary>Rename the organization, change members and roles.</summary>
    ManageOrganization,
}

public sealed record Membership(Guid OrganizationId, string Slug, string Name, OrganizationRole Role, bool Personal);

/// <summary>The signed-in account of a request. Bind it as a parameter of an endpoint that requires authorization.</summary>
public sealed record Caller(Guid AccountId, Guid SessionId, string Email, bool IsOperator, IReadOnlyList<Membership> Memberships)
{
    private static readonly object Key = new();

    /// <summary>The context for <see cref="IDatabase.AsAppAsync"/>: all organizations of the account.</summary>
    public TenantContext Tenant => new(AccountId, [.. Memberships.Select(m => m.OrganizationId)]);

    /// <summary>As if the caller were a member only where it has the permission: what is hidden by it then does not exist for row-level security.</summary>
    public TenantContext TenantWith(Permission permission) =>
        new(AccountId, [.. Memberships.Where(m => Allows(m.Role, permission)).Select(m => m.OrganizationId)]);

    public Membership PersonalOrganization => Memberships.First(m => m.Personal);

    public bool May(Guid organizationId, Permission permission)
    {
        var membership = Memberships.FirstOrDefault(m => m.OrganizationId == organizationId);
        return membership is not null && Allows(membership.Role, permission);
    }

    /// <summary>
    /// The organization that a request names by id (<c>org_…</c>) or slug, or the personal one when it names none: not found for a foreign
    /// one, forbidden without the permission.
    /// </summary>
    public Outcome<Membership> Organization(string? idOrSlug, Permission permission)
    {
        var membership = string.IsNullOrEmpty(idOrSlug)
            ? PersonalOrganization
            : Memberships.FirstOrDefault(m => string.Equals(m.Slug, idOrSlug, StringComparison.Ordinal)
                || (TypeId.TryParse(idOrSlug, "org", out var id) && m.OrganizationId == id));
        if (membership is null)
            return Failure.NotFound("organization");
        return Allows(membership.Role, permission)
            ? membership
            : Failure.Forbidden($"Your role in this organization ({membership.Role.ToString().ToLowerInvariant()}) does not allow this.");
    }

    public static void Set(HttpContext context, Caller caller)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(caller);
        context.Items[Key] = caller;
        HttpTenant.Set(context, caller.Tenant);
    }

    /// <summary>Null for a request without a valid session.</summary>
    public static Caller? Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Items.TryGetValue(Key, out var value) ? value as Caller : null;
    }

    /// <summary>Parameter binding of minimal APIs.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(Of(context));

    private static bool Allows(OrganizationRole role, Permission permission) => permission switch
    {
        Permission.View => true,
        Permission.ReadRequestLog => role is OrganizationRole.Owner or OrganizationRole.Admin or OrganizationRole.Developer,
        Permission.ManageApis => role is OrganizationRole.Owner or OrganizationRole.Admin or OrganizationRole.Developer,
        Permission.ReportUsage => role is OrganizationRole.Owner or OrganizationRole.Admin or OrganizationRole.Developer,
        Permission.ManageSubscriptions => role is OrganizationRole.Owner or OrganizationRole.Admin or OrganizationRole.Developer,
        Permission.ManageBilling => role is OrganizationRole.Owner or OrganizationRole.Admin or OrganizationRole.Billing,
        Permission.ManageOrganization => role is OrganizationRole.Owner or OrganizationRole.Admin,
        _ => false,
    };
}
