using Tollgate.Foundation;

namespace Tollgate.Identity.Organizations;

internal sealed class MemberRow
{
    public Guid AccountId { get; init; }

    public string Name { get; init; } = "";

    public string Email { get; init; } = "";

    public string Role { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public OrganizationRole RoleOf => Enum.Parse<OrganizationRole>(Role, ignoreCase: true);
}

/// <summary>
/// Who is a member, and as what. Each change locks the organization first, so that of two owners who leave at once one stays: there is always an owner.
/// Only an owner makes or unmakes owners.
/// </summary>
internal sealed class MemberChanges(IAuditLog audit, TimeProvider clock)
{
    public static Failure Personal { get; } = Failure.Conflict("PERSONAL_ORGANIZATION", "A personal organization belongs to its one person. Make another organization for more.");

    private static readonly Failure LastOwner = Failure.Conflict("LAST_OWNER", "An organization needs an owner. Make another member owner first.");

    public static Task<IReadOnlyList<MemberRow>> ListAsync(DbSession session, Guid organizationId) => session.QueryAsync<MemberRow>("""
        SELECT m.account_id, a.name, a.email, m.role, m.created_at FROM identity.member m JOIN identity.account a ON a.id = m.account_id
        WHERE m.organization_id = @organizationId ORDER BY array_position(ARRAY['owner', 'admin', 'developer', 'billing', 'viewer'], m.role), lower(a.name), m.account_id LIMIT 1000
        """, new { organizationId });

    public async Task<Outcome<MemberRow>> ChangeRoleAsync(DbSession session, AuditActor actor, Caller caller, Membership by, Guid accountId, OrganizationRole role)
    {
        var found = await LockAsync(session, by.OrganizationId, accountId).ConfigureAwait(false);
        if (found.Failure is { } missing)
            return missing;
        var (member, owners) = found.Value;
        var ofOwners = member.RoleOf != role && (member.RoleOf == OrganizationRole.Owner || role == OrganizationRole.Owner);
        if (await ActingMember.RefusalAsync(session, caller, by.OrganizationId, ofOwners, clock.GetUtcNow()).ConfigureAwait(false) is { } refused)
            return refused;
        if (member.RoleOf == role)
            return member;
        if (member.RoleOf == OrganizationRole.Owner && owners == 1)
            return LastOwner;
        await SetRoleAsync(session, by.OrganizationId, accountId, role).ConfigureAwait(false);
        await WriteAsync(session, actor, by.OrganizationId, "member.role_changed", member, new { role = Text(role) }).ConfigureAwait(false);
        return (await FindAsync(session, by.OrganizationId, accountId).ConfigureAwait(false))!;
    }

    /// <summary>Also oneself, which is leaving.</summary>
    public async Task<Outcome<bool>> RemoveAsync(DbSession session, AuditActor actor, Caller caller, Membership by, Guid accountId)
    {
        if (by.Personal)
            return Personal;
        var found = await LockAsync(session, by.OrganizationId, accountId).ConfigureAwait(false);
        if (found.Failure is { } missing)
            return missing;
        var (member, owners) = found.Value;
        if (accountId != caller.AccountId
            && await ActingMember.RefusalAsync(session, caller, by.OrganizationId, member.RoleOf == OrganizationRole.Owner, clock.GetUtcNow()).ConfigureAwait(false) is { } refused)
            return refused;
        if (member.RoleOf == OrganizationRole.Owner && owners == 1)
            return LastOwner;
        await WriteAsync(session, actor, by.OrganizationId, accountId == caller.AccountId ? "member.left" : "member.removed", member, null).ConfigureAwait(false);
        // A token must not come to life again with a later membership.
        await session.ExecuteAsync("UPDATE identity.api_token SET ended_at = @now WHERE organization_id = @OrganizationId AND account_id = @accountId AND ended_at IS NULL",
            new { by.OrganizationId, accountId, now = clock.GetUtcNow() }).ConfigureAwait(false);
        await session.ExecuteAsync("DELETE FROM identity.member WHERE organization_id = @OrganizationId AND account_id = @accountId", new { by.OrganizationId, accountId }).ConfigureAwait(false);
        return true;
    }

    /// <summary>The member becomes owner, who hands over becomes admin.</summary>
    public async Task<Outcome<bool>> TransferAsync(DbSession session, AuditActor actor, Caller caller, Membership by, Guid accountId)
    {
        if (by.Personal)
            return Personal;
        if (accountId == caller.AccountId)
            return Failure.Invalid("account", "YOURSELF", "You are the owner already.");
        var found = await LockAsync(session, by.OrganizationId, accountId).ConfigureAwait(false);
        if (found.Failure is { } missing)
            return missing;
        // Somebody may have taken the ownership since this request was read.
        if (await FindAsync(session, by.OrganizationId, caller.AccountId).ConfigureAwait(false) is not { RoleOf: OrganizationRole.Owner })
            return ActingMember.OwnersOnly;
        await SetRoleAsync(session, by.OrganizationId, accountId, OrganizationRole.Owner).ConfigureAwait(false);
        await SetRoleAsync(session, by.OrganizationId, caller.AccountId, OrganizationRole.Admin).ConfigureAwait(false);
        await WriteAsync(session, actor, by.OrganizationId, "organization.transferred", found.Value.Member, new { role = "owner" }).ConfigureAwait(false);
        return true;
    }

    private static async Task<Outcome<(MemberRow Member, int Owners)>> LockAsync(DbSession session, Guid organizationId, Guid accountId)
    {
        if (await OrganizationStore.LockAsync(session, organizationId).ConfigureAwait(false) is null
            || await FindAsync(session, organizationId, accountId).ConfigureAwait(false) is not { } member)
            return Failure.NotFound("member");
        return (member, await session.QuerySingleAsync<int>("SELECT count(*)::int FROM identity.member WHERE organization_id = @organizationId AND role = 'owner'", new { organizationId }).ConfigureAwait(false));
    }

    private static Task<MemberRow?> FindAsync(DbSession session, Guid organizationId, Guid accountId) => session.QuerySingleOrDefaultAsync<MemberRow>("""
        SELECT m.account_id, a.name, a.email, m.role, m.created_at FROM identity.member m JOIN identity.account a ON a.id = m.account_id
        WHERE m.organization_id = @organizationId AND m.account_id = @accountId
        """, new { organizationId, accountId });

    private static Task<int> SetRoleAsync(DbSession session, Guid organizationId, Guid accountId, OrganizationRole role) => session.ExecuteAsync(
        "UPDATE identity.member SET role = @role WHERE organization_id = @organizationId AND account_id = @accountId", new { organizationId, accountId, role = Text(role) });

    private Task WriteAsync(DbSession session, AuditActor actor, Guid organizationId, string action, MemberRow member, object? after) => audit.WriteAsync(session, actor,
        new AuditChange(action, TypeId.Format("acc", member.AccountId), organizationId, new { member.Email, member.Role }, after));

    private static string Text(OrganizationRole role) => role.ToString().ToLowerInvariant();
}
