using Tollgate.Foundation;

namespace Tollgate.Identity.Organizations;

/// <summary>What whoever acts on members may do, by its own row under the organization's lock: the request may have been read long before.</summary>
internal static class ActingMember
{
    public static Failure OwnersOnly { get; } = Failure.Forbidden("Only an owner changes who is owner.");

    private static readonly Failure OnlyAnOwner = Failure.Forbidden("Only an owner does this.");

    private static readonly Failure NoLonger = Failure.Forbidden("Your role in this organization does not allow this any more.");

    /// <summary>Null when it is no member.</summary>
    public static async Task<OrganizationRole?> RoleAsync(DbSession session, Guid organizationId, Guid accountId)
    {
        const string sql = "SELECT role FROM identity.member WHERE organization_id = @organizationId AND account_id = @accountId";
        var role = await session.QuerySingleOrDefaultAsync<string>(sql, new { organizationId, accountId }).ConfigureAwait(false);
        return role is null ? null : Enum.Parse<OrganizationRole>(role, ignoreCase: true);
    }

    public static bool MayInvite(OrganizationRole? by, OrganizationRole role) =>
        by is { } has && RolePermissions.Allow(has, Permission.ManageMembers) && (role != OrganizationRole.Owner || has == OrganizationRole.Owner);

    /// <param name="session">Holds the organization's lock.</param>
    /// <param name="ofOwners">It makes or unmakes an owner: an owner does that in person, having shown lately who it is.</param>
    public static async Task<Failure?> RefusalAsync(DbSession session, Caller caller, Guid organizationId, bool ofOwners, DateTimeOffset now)
    {
        if (await RoleAsync(session, organizationId, caller.AccountId).ConfigureAwait(false) is not { } role)
            return Failure.NotFound("organization");
        if (!RolePermissions.Allow(role, Permission.ManageMembers))
            return NoLonger;
        if (!ofOwners)
            return null;
        return role == OrganizationRole.Owner ? InPerson(caller, now) : OwnersOnly;
    }

    /// <summary>The same for what belongs to <see cref="Permission.OwnOrganization"/>.</summary>
    public static async Task<Failure?> OwnerRefusalAsync(DbSession session, Caller caller, Guid organizationId, DateTimeOffset now) =>
        await RoleAsync(session, organizationId, caller.AccountId).ConfigureAwait(false) is { } role
            ? RolePermissions.Allow(role, Permission.OwnOrganization) ? InPerson(caller, now) : OnlyAnOwner
            : Failure.NotFound("organization");

    private static Failure? InPerson(Caller caller, DateTimeOffset now)
    {
        if (caller.Token is not null)
            return AccessRequirement.SessionRequired;
        return caller.AuthenticatedAt is { } at && now - at <= AccountConditions.StepUpLifetime ? null : AccountConditions.StepUpRequired;
    }
}
