using Tollgate.Foundation;

namespace Tollgate.Identity.Access;

/// <summary>Loads who a session belongs to, in one round trip under row-level security; null once the session or the account has ended.</summary>
internal sealed class CallerStore(IDatabase database, TimeProvider clock)
{
    public Task<Caller?> LoadAsync(Guid accountId, Guid sessionId, CancellationToken cancellation) => database.AsAppAsync(new TenantContext(accountId, []), async session =>
    {
        const string sql = """
            SELECT a.email, a.role AS account_role, o.id AS organization_id, o.slug, o.name, o.personal, m.role,
              ARRAY(SELECT f.slug FROM identity.organization_slug f WHERE f.organization_id = o.id AND f.retired_at IS NOT NULL) AS former_slugs
            FROM identity.account a
            JOIN identity.session s ON s.account_id = a.id AND s.id = @sessionId AND s.ended_at IS NULL AND s.expires_at > @now
            JOIN identity.member m ON m.account_id = a.id
            JOIN identity.organization o ON o.id = m.organization_id
            WHERE a.id = @accountId AND a.disabled_at IS NULL
            ORDER BY o.personal DESC, o.created_at, o.id
            """;
        return ToCaller(accountId, sessionId, await session.QueryAsync<Row>(sql, new { accountId, sessionId, now = clock.GetUtcNow() }).ConfigureAwait(false));
    }, cancellation);

    /// <summary>The same without a session, for seeding.</summary>
    public Task<Caller> ImpersonateAsync(Guid accountId, CancellationToken cancellation) => database.AsWorkerAsync(async session =>
    {
        const string sql = """
            SELECT a.email, a.role AS account_role, o.id AS organization_id, o.slug, o.name, o.personal, m.role,
              ARRAY(SELECT f.slug FROM identity.organization_slug f WHERE f.organization_id = o.id AND f.retired_at IS NOT NULL) AS former_slugs
            FROM identity.account a JOIN identity.member m ON m.account_id = a.id JOIN identity.organization o ON o.id = m.organization_id
            WHERE a.id = @accountId ORDER BY o.personal DESC, o.created_at, o.id
            """;
        return ToCaller(accountId, Guid.Empty, await session.QueryAsync<Row>(sql, new { accountId }).ConfigureAwait(false))
            ?? throw new InvalidOperationException("There is no such account.");
    }, cancellation);

    private static Caller? ToCaller(Guid accountId, Guid sessionId, IReadOnlyList<Row> rows) => rows.Count == 0
        ? null
        : new Caller(accountId, sessionId, rows[0].Email, rows[0].AccountRole == "admin",
            [.. rows.Select(row => new Membership(row.OrganizationId, row.Slug, row.Name, Enum.Parse<OrganizationRole>(row.Role, ignoreCase: true), row.Personal) { FormerSlugs = row.FormerSlugs })]);

    private sealed class Row
    {
        public string Email { get; init; } = "";

        public string AccountRole { get; init; } = "";

        public Guid OrganizationId { get; init; }

        public string Slug { get; init; } = "";

        public string Name { get; init; } = "";

        public bool Personal { get; init; }

        public string Role { get; init; } = "";

        public string[] FormerSlugs { get; init; } = [];
    }
}
