using System.Runtime.CompilerServices;
using Tollgate.Foundation;
using Tollgate.Identity.Organizations;

namespace Tollgate.Identity.Audit;

/// <summary>Who may read which part of the log, and reading it in pieces.</summary>
internal sealed class AuditReader(IDatabase database, IAuditLog log)
{
    private const int Piece = 1000;

    /// <summary>An operator's look at what is not his own is an entry of its own, in the log of the organization that he looks at.</summary>
    public async Task<Outcome<AuditScope>> ScopeAsync(Caller caller, AuditActor actor, string? organization, string action, CancellationToken cancellation)
    {
        // A token of one organization knows nothing of its account's other ones, their log included.
        if (string.IsNullOrEmpty(organization) && caller.Token?.OrganizationId is { } bound)
            organization = TypeId.Format("org", bound);
        if (!string.IsNullOrEmpty(organization))
        {
            var own = caller.Organization(organization);
            if (own.Succeeded)
                return new AuditScope(caller.AllowedTenant, own.Value.OrganizationId, All: false);
            if (!caller.IsOperator)
                return own.Failure!;
        }
        else if (!caller.IsOperator)
            return new AuditScope(caller.Tenant with { OrganizationIds = [] }, null, All: false) { Withheld = caller.Withheld };

        if (caller.OperatorRefusal is { } refused)
            return refused;
        var tenant = caller.Tenant with { IsOperator = true };
        return await database.AsAppAsync<Outcome<AuditScope>>(tenant, async session =>
        {
            Guid? id = null;
            if (!string.IsNullOrEmpty(organization))
            {
                id = await OrganizationStore.FindIdAsync(session, organization).ConfigureAwait(false);
                if (id is null)
                    return Failure.NotFound("organization");
            }
            await log.WriteAsync(session, actor, new AuditChange(action, id is { } of ? TypeId.Format("org", of) : "audit_log", id)).ConfigureAwait(false);
            return new AuditScope(tenant, id, All: id is null);
        }, cancellation).ConfigureAwait(false);
    }

    public Task<IReadOnlyList<AuditRow>> ReadAsync(AuditScope scope, AuditFilter filter, Guid? last, int count, CancellationToken cancellation) =>
        database.AsAppAsync(scope.Tenant, session => AuditStore.ReadAsync(session, scope, filter, last, count), cancellation);

    /// <summary>Every entry, a piece at a time: neither a transaction nor the memory grows with the log.</summary>
    public async IAsyncEnumerable<AuditEntryResponse> AllAsync(AuditScope scope, AuditFilter filter, Guid reader, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Guid? last = null;
        IReadOnlyList<AuditRow> rows;
        do
        {
            rows = await ReadAsync(scope, filter, last, Piece, cancellation).ConfigureAwait(false);
            foreach (var row in rows)
            {
                yield return AuditEntryResponse.From(row, reader, scope);
                last = row.Id;
            }
        }
        while (rows.Count == Piece);
    }
}
