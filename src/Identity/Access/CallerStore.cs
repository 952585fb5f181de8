using Tollgate.Foundation;
using Tollgate.Identity.SecondFactor;

namespace Tollgate.Identity.Access;

/// <summary>A caller, and when that it was there was last noted.</summary>
internal sealed record LoadedCaller(Caller Caller, DateTimeOffset? SeenAt);

/// <summary>Loads who a session or an API token belongs to, in one round trip; null once the one or the account has ended.</summary>
internal sealed class CallerStore(IDatabase database, SecondFactorDemand demand, TimeProvider clock)
{
    private const string Who = """
        a.id AS account_id, a.email, a.role AS account_role, a.email_verified_at IS NOT NULL AS email_verified, o.id AS organization_id, o.slug, o.name, o.personal, m.role,
        ARRAY(SELECT f.slug FROM identity.organization_slug f WHERE f.organization_id = o.id AND f.retired_at IS NOT NULL) AS former_slugs,
        EXISTS (SELECT FROM identity.suspension x WHERE x.organization_id = o.id) AS suspended,
        o.require_second_factor AS factor_asked
        """;

    private const string Factor = $"{HeldFactor.OfAccount} AS factor_there";

    public Task<LoadedCaller?> LoadAsync(Guid accountId, Guid sessionId, CancellationToken cancellation) => database.AsAppAsync(new TenantContext(accountId, []), async session =>
    {
        const string sql = $"""
            SELECT {Who}, {Factor}, s.last_seen_at AS seen_at, s.second_factor_at IS NOT NULL AS factor_shown, coalesce(s.authenticated_at, s.created_at) AS authenticated_at
            FROM identity.account a
            JOIN identity.session s ON s.account_id = a.id AND s.id = @sessionId AND s.ended_at IS NULL AND s.expires_at > @now
            JOIN identity.member m ON m.account_id = a.id
            JOIN identity.organization o ON o.id = m.organization_id
            WHERE a.id = @accountId AND a.disabled_at IS NULL
            ORDER BY o.personal DESC, o.created_at, o.id
            """;
        return Loaded(sessionId, await session.QueryAsync<Row>(sql, new { accountId, sessionId, now = clock.GetUtcNow() }).ConfigureAwait(false));
    }, cancellation);

    /// <summary>By an API token: a member of the organization that it is bound to and no other, and never an operator. Whose it is is known only once it is found.</summary>
    public Task<LoadedCaller?> LoadByTokenAsync(byte[] digest, CancellationToken cancellation) => LoadByTokenAsync("t.digest = @digest", new { digest, now = clock.GetUtcNow() }, cancellation);

    /// <summary>The same caller as it is by now.</summary>
    public async Task<Caller?> ReloadAsync(Caller caller, CancellationToken cancellation)
    {
        var loaded = caller.Token is { } token
            ? await LoadByTokenAsync("t.id = @Id", new { token.Id, now = clock.GetUtcNow() }, cancellation).ConfigureAwait(false)
            : await LoadAsync(caller.AccountId, caller.SessionId, cancellation).ConfigureAwait(false);
        return loaded?.Caller;
    }

    private Task<LoadedCaller?> LoadByTokenAsync(string which, object parameters, CancellationToken cancellation) => database.AsWorkerAsync(async session =>
    {
        var sql = $"""
            SELECT {Who}, {Factor}, t.last_used_at AS seen_at, t.id AS token_id, t.scopes, t.organization_id AS bound_to, t.second_factor AS factor_shown
            FROM identity.api_token t
            JOIN identity.account a ON a.id = t.account_id AND a.disabled_at IS NULL
            JOIN identity.member m ON m.account_id = a.id AND (t.organization_id IS NULL OR m.organization_id = t.organization_id)
            JOIN identity.organization o ON o.id = m.organization_id
            WHERE {which} AND t.ended_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > @now)
            ORDER BY o.personal DESC, o.created_at, o.id
            """;
        var rows = await session.QueryAsync<Row>(sql, parameters).ConfigureAwait(false);
        return Loaded(Guid.Empty, rows) is { } loaded
            ? loaded with
            {
                Caller = loaded.Caller with
                {
                    IsOperator = false,
                    Token = new CallerToken(rows[0].TokenId, [.. rows[0].Scopes.Select(TokenScopes.Parse).OfType<TokenScope>()], rows[0].BoundTo),
                },
            }
            : null;
    }, cancellation);

    public Task<int> TokenUsedAsync(Guid tokenId, TimeSpan each, CancellationToken cancellation) => database.AsWorkerAsync(session => session.ExecuteAsync(
        "UPDATE identity.api_token SET last_used_at = @now WHERE id = @tokenId AND (last_used_at IS NULL OR last_used_at <= @before)",
        new { tokenId, now = clock.GetUtcNow(), before = clock.GetUtcNow() - each }), cancellation);

    /// <summary>The same without a session, for seeding.</summary>
    public Task<Caller> ImpersonateAsync(Guid accountId, CancellationToken cancellation) => database.AsWorkerAsync(async session =>
    {
        const string sql = $"""
            SELECT {Who}, true AS factor_there, true AS factor_shown
            FROM identity.account a JOIN identity.member m ON m.account_id = a.id JOIN identity.organization o ON o.id = m.organization_id
            WHERE a.id = @accountId ORDER BY o.personal DESC, o.created_at, o.id
            """;
        return Loaded(Guid.Empty, await session.QueryAsync<Row>(sql, new { accountId }).ConfigureAwait(false))?.Caller
            ?? throw new InvalidOperationException("There is no such account.");
    }, cancellation);

    private LoadedCaller? Loaded(Guid sessionId, IReadOnlyList<Row> rows)
    {
        if (rows.Count == 0)
            return null;
        var shown = rows[0].FactorThere && rows[0].FactorShown;
        var caller = new Caller(rows[0].AccountId, sessionId, rows[0].Email, rows[0].AccountRole == "admin", [])
        {
            EmailVerified = rows[0].EmailVerified,
            AuthenticatedAt = rows[0].AuthenticatedAt,
            HasSecondFactor = rows[0].FactorThere,
            SecondFactorShown = shown,
            SecondFactorOfEverybody = demand.OfEverybody,
            OperatorFactorMissing = !shown && demand.OfOperators && rows[0].AccountRole == "admin",
            LoadedAt = clock.GetUtcNow(),
        };
        return new LoadedCaller(caller with { Memberships = [.. rows.Select(row => MembershipOf(row, caller))] }, rows[0].SeenAt);
    }

    private static Membership MembershipOf(Row row, Caller caller) =>
        new(row.OrganizationId, row.Slug, row.Name, Enum.Parse<OrganizationRole>(row.Role, ignoreCase: true), row.Personal)
        {
            FormerSlugs = row.FormerSlugs,
            Suspended = row.Suspended,
            SecondFactorMissing = caller.LacksSecondFactor(row.FactorAsked),
        };

    private sealed class Row
    {
        public Guid AccountId { get; init; }

        public string Email { get; init; } = "";

        public string AccountRole { get; init; } = "";

        public bool EmailVerified { get; init; }

        public DateTimeOffset? AuthenticatedAt { get; init; }

        public Guid OrganizationId { get; init; }

        public string Slug { get; init; } = "";

        public string Name { get; init; } = "";

        public bool Personal { get; init; }

        public string Role { get; init; } = "";

        public string[] FormerSlugs { get; init; } = [];

        public bool Suspended { get; init; }

        public bool FactorAsked { get; init; }

        public bool FactorThere { get; init; }

        public bool FactorShown { get; init; }

        public DateTimeOffset? SeenAt { get; init; }

        public Guid TokenId { get; init; }

        public string[] Scopes { get; init; } = [];

        public Guid? BoundTo { get; init; }
    }
}
