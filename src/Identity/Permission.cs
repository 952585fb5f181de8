using System.Collections.Frozen;

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

/// <summary>What a member may do. Every endpoint states one (<see cref="EndpointAccess"/>); <see cref="RolePermissions"/> is the one table of role → permission.</summary>
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

    /// <summary>Invite, remove, change roles; only an owner makes or unmakes owners.</summary>
    ManageMembers,

    /// <summary>Change the organization's name, slug and time zone; its API tokens.</summary>
    ManageOrganization,

    /// <summary>Read who changed what.</summary>
    ReadAuditLog,

    /// <summary>Hand the organization over, remove it, or ask a second factor of its members.</summary>
    OwnOrganization,
}

/// <summary>The one table of role → permission. What the portal offers to whom comes from here too: it is told, with each organization and its members.</summary>
public static class RolePermissions
{
    private static readonly FrozenDictionary<OrganizationRole, IReadOnlyList<Permission>> Table = Enum.GetValues<OrganizationRole>()
        .ToFrozenDictionary(role => role, role => (IReadOnlyList<Permission>)[.. Enum.GetValues<Permission>().Where(permission => Allow(role, permission))]);

    public static bool Allow(OrganizationRole role, Permission permission) => permission switch
    {
        Permission.View => true,
        Permission.ReadRequestLog or Permission.ManageApis or Permission.ReportUsage or Permission.ManageSubscriptions =>
            role is OrganizationRole.Owner or OrganizationRole.Admin or OrganizationRole.Developer,
        Permission.ManageBilling => role is OrganizationRole.Owner or OrganizationRole.Admin or OrganizationRole.Billing,
        Permission.ManageMembers or Permission.ManageOrganization or Permission.ReadAuditLog => role is OrganizationRole.Owner or OrganizationRole.Admin,
        Permission.OwnOrganization => role is OrganizationRole.Owner,
        _ => false,
    };

    /// <summary>All that a role may do.</summary>
    internal static IReadOnlyList<Permission> Of(OrganizationRole role) => Table[role];

    /// <summary>The same in words, for whoever gives a role to somebody.</summary>
    internal static string Summary(OrganizationRole role) => role switch
    {
        OrganizationRole.Owner => "Everything, and hands the organization over",
        OrganizationRole.Admin => "Everything but who is owner",
        OrganizationRole.Developer => "APIs, plans, subscriptions, keys, single calls",
        OrganizationRole.Billing => "Sees everything but single calls; invoices and revenue",
        OrganizationRole.Viewer => "Sees everything but single calls",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Say what it may do."),
    };
}
