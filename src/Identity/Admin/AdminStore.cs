using Tollgate.Foundation;
using Tollgate.Identity.SecondFactor;

namespace Tollgate.Identity.Admin;

/// <summary>What an operator sees: all accounts and organizations, under the policy that is an operator's own.</summary>
internal static class AdminStore
{
    private const string Factor = HeldFactor.OfAccount;

    private const string SelectAccounts = $"""
        SELECT a.id, a.email, a.name, a.role, a.created_at, a.disabled_at, a.deleted_at, a.email_verified_at IS NOT NULL AS email_verified,
               (SELECT count(*)::int FROM identity.member m WHERE m.account_id = a.id) AS organizations,
               (SELECT count(*)::int FROM identity.session s WHERE s.account_id = a.id AND s.ended_at IS NULL AND s.expires_at > @now) AS live_sessions,
               (SELECT max(s.last_seen_at) FROM identity.session s WHERE s.account_id = a.id) AS last_seen_at,
               {Factor} AS second_factor
        FROM identity.account a
        """;

    // Those of the personal organization of a deleted account were made of its name, which is nobody's to read any more.
    private const string Told = "NOT (o.personal AND o.removed_at IS NOT NULL)";

    private const string SelectOrganizations = $"""
        SELECT o.id, o.slug, o.name, o.time_zone, o.personal, o.created_at, o.removed_at, (SELECT count(*)::int FROM identity.member m WHERE m.organization_id = o.id) AS members,
               ARRAY(SELECT s.slug FROM identity.organization_slug s WHERE s.organization_id = o.id AND s.retired_at IS NOT NULL AND {Told} ORDER BY s.retired_at DESC, s.slug) AS former,
               x.suspended_at, x.reason AS suspended_reason
        FROM identity.organization o LEFT JOIN identity.suspension x ON x.organization_id = o.id
        """;

    private const string SelectSessions = """
        SELECT id, account_id, device, user_agent, host(client_address) AS address, created_at, last_seen_at, expires_at, ended_at, ended_reason FROM identity.session
        """;

    /// <summary>Newest first.</summary>
    public static Task<IReadOnlyList<AdminAccountRow>> AccountsAsync(DbSession session, AdminAccountParameters list, DateTimeOffset now) => session.QueryAsync<AdminAccountRow>($"""
        {SelectAccounts}
        WHERE (@Pattern::text IS NULL OR a.email LIKE @Pattern OR lower(a.name) LIKE @Pattern OR a.id = @id) AND (@Last::uuid IS NULL OR a.id < @Last)
          AND CASE coalesce(@Status, '') WHEN 'active' THEN a.disabled_at IS NULL WHEN 'disabled' THEN a.disabled_at IS NOT NULL AND a.deleted_at IS NULL
                WHEN 'deleted' THEN a.deleted_at IS NOT NULL WHEN 'operators' THEN a.role = 'admin' AND a.deleted_at IS NULL ELSE true END
        ORDER BY a.id DESC LIMIT @limit
        """, new { list.Pattern, id = IdOf(list.Text, "acc"), list.Last, list.Status, limit = list.Count + 1, now });

    public static Task<AdminAccountRow?> AccountAsync(DbSession session, Guid id, DateTimeOffset now) =>
        session.QuerySingleOrDefaultAsync<AdminAccountRow>($"{SelectAccounts} WHERE a.id = @id", new { id, now });

    public static async Task<IReadOnlyList<AdminMembershipResponse>> OrganizationsOfAsync(DbSession session, Guid accountId) => [.. (await session.QueryAsync<MembershipRow>("""
        SELECT o.id, o.slug, o.name, o.personal, m.role FROM identity.member m JOIN identity.organization o ON o.id = m.organization_id
        WHERE m.account_id = @accountId ORDER BY o.personal DESC, o.slug LIMIT 500
        """, new { accountId }).ConfigureAwait(false)).Select(row => new AdminMembershipResponse(TypeId.Format("org", row.Id), row.Slug, row.Name, row.Role, row.Personal))];

    /// <summary>The living ones first, then those that have ended, newest first.</summary>
    public static Task<IReadOnlyList<AdminSessionRow>> SessionsAsync(DbSession session, Guid accountId) => session.QueryAsync<AdminSessionRow>(
        $"{SelectSessions} WHERE account_id = @accountId ORDER BY ended_at IS NOT NULL, last_seen_at DESC LIMIT 100", new { accountId });

    public static Task<AdminSessionRow?> SessionAsync(DbSession session, Guid id) => session.QuerySingleOrDefaultAsync<AdminSessionRow>($"{SelectSessions} WHERE id = @id", new { id });

    /// <summary>Newest first.</summary>
    public static Task<IReadOnlyList<AdminOrganizationRow>> OrganizationsAsync(DbSession session, AdminOrganizationParameters list) => session.QueryAsync<AdminOrganizationRow>($"""
        {SelectOrganizations}
        WHERE (@Pattern::text IS NULL OR o.slug LIKE @Pattern OR lower(o.name) LIKE @Pattern OR o.id = @id
            OR EXISTS (SELECT FROM identity.organization_slug s WHERE s.organization_id = o.id AND s.slug LIKE @Pattern AND {Told})) AND (@Last::uuid IS NULL OR o.id < @Last)
          AND CASE coalesce(@Status, '') WHEN 'active' THEN x.suspended_at IS NULL AND o.removed_at IS NULL WHEN 'suspended' THEN x.suspended_at IS NOT NULL AND o.removed_at IS NULL
                WHEN 'removed' THEN o.removed_at IS NOT NULL ELSE true END
        ORDER BY o.id DESC LIMIT @limit
        """, new { list.Pattern, id = IdOf(list.Text, "org"), list.Last, list.Status, limit = list.Count + 1 });

    public static Task<AdminOrganizationRow?> OrganizationAsync(DbSession session, Guid id) =>
        session.QuerySingleOrDefaultAsync<AdminOrganizationRow>($"{SelectOrganizations} WHERE o.id = @id", new { id });

    public static async Task<IReadOnlyList<AdminMemberResponse>> MembersAsync(DbSession session, Guid organizationId) => [.. (await session.QueryAsync<MemberRow>("""
        SELECT a.id, a.email, a.name, m.role, a.disabled_at FROM identity.member m JOIN identity.account a ON a.id = m.account_id
        WHERE m.organization_id = @organizationId ORDER BY m.created_at LIMIT 500
        """, new { organizationId }).ConfigureAwait(false)).Select(row => new AdminMemberResponse(TypeId.Format("acc", row.Id), row.Email, row.Name, row.Role, row.DisabledAt))];

    private static Guid? IdOf(string? text, string prefix) => TypeId.TryParse(text?.Trim(), prefix, out var id) ? id : null;

    private sealed class MembershipRow
    {
        public Guid Id { get; init; }

        public string Slug { get; init; } = "";

        public string Name { get; init; } = "";

        public bool Personal { get; init; }

        public string Role { get; init; } = "";
    }

    private sealed class MemberRow
    {
        public Guid Id { get; init; }

        public string Email { get; init; } = "";

        public string Name { get; init; } = "";

        public string Role { get; init; } = "";

        public DateTimeOffset? DisabledAt { get; init; }
    }
}
