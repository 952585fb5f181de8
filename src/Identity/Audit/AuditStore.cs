using Tollgate.Foundation;

namespace Tollgate.Identity.Audit;

internal sealed class AuditRow
{
    public Guid Id { get; init; }

    public DateTimeOffset At { get; init; }

    public Guid? AccountId { get; init; }

    public string Actor { get; init; } = "";

    public string Means { get; init; } = "";

    public string? Credential { get; init; }

    public Guid? OnBehalfOf { get; init; }

    public string? Address { get; init; }

    public string? UserAgent { get; init; }

    public string? RequestId { get; init; }

    public string Action { get; init; } = "";

    public string Subject { get; init; } = "";

    public Guid? OrganizationId { get; init; }

    public string? Before { get; init; }

    public string? After { get; init; }
}

/// <summary>Reads the log, newest first, under row-level security. Each way in has an index that ends with the id, so that a page is read and no more.</summary>
internal static class AuditStore
{
    private const string Columns = """
        e.id, e.at, e.account_id, e.actor, e.means, e.credential, e.on_behalf_of, host(e.client_address) AS address, e.user_agent, e.request_id,
        e.action, e.subject, e.organization_id, e.before::text AS before, e.after::text AS after
        """;

    private const string Matches = """
        (@Action::text IS NULL OR e.action = @Action OR starts_with(e.action, @Action || '.')) AND (@Account::uuid IS NULL OR e.account_id = @Account)
        AND (@Subject::text IS NULL OR e.subject = @Subject) AND (@FirstId::uuid IS NULL OR e.id >= @FirstId) AND (@EndId::uuid IS NULL OR e.id < @EndId)
        AND (@last::uuid IS NULL OR e.id < @last) ORDER BY e.id DESC LIMIT @count
        """;

    // One's own acts are there for row-level security whatever organization they were in.
    private const string Seen = "(e.organization_id IS NULL OR e.organization_id <> ALL (@withheld))";

    private const string OfOrganization = $"SELECT {Columns} FROM identity.audit_entry e WHERE e.organization_id = @organization AND {Matches}";

    private const string OfAll = $"SELECT {Columns} FROM identity.audit_entry e WHERE {Matches}";

    private const string Own = $"""
        SELECT * FROM (
          (SELECT {Columns} FROM identity.audit_entry e WHERE e.account_id = foundation.current_account() AND {Seen} AND {Matches})
          UNION ALL
          (SELECT {Columns} FROM identity.audit_entry e
           WHERE e.subject_account_id = foundation.current_account() AND e.account_id IS DISTINCT FROM foundation.current_account() AND {Seen} AND {Matches})) AS own
        ORDER BY id DESC LIMIT @count
        """;

    public static Task<IReadOnlyList<AuditRow>> ReadAsync(DbSession session, AuditScope scope, AuditFilter filter, Guid? last, int count) =>
        session.QueryAsync<AuditRow>(scope.OrganizationId is not null ? OfOrganization : scope.All ? OfAll : Own, new
        {
            organization = scope.OrganizationId,
            withheld = scope.Withheld,
            filter.Action,
            filter.Account,
            filter.Subject,
            filter.FirstId,
            filter.EndId,
            last,
            count,
        });
}

/// <summary>Whose entries: an organization's, all, or one's own; and under which context they are read.</summary>
internal sealed record AuditScope(TenantContext Tenant, Guid? OrganizationId, bool All)
{
    /// <summary>Of one's own entries, those of these organizations are left out.</summary>
    public Guid[] Withheld { get; init; } = [];
}
