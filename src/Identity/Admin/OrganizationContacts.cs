using Tollgate.Foundation;

namespace Tollgate.Identity.Admin;

internal sealed class OrganizationContacts : IOrganizationContacts
{
    public Task<IReadOnlyList<Contact>> AdminsAsync(DbSession session, Guid organizationId) => session.QueryAsync<Contact>("""
        SELECT a.id AS account_id, a.email, a.name FROM identity.member m JOIN identity.account a ON a.id = m.account_id
        WHERE m.organization_id = @organizationId AND m.role IN ('owner', 'admin') AND a.disabled_at IS NULL ORDER BY m.created_at LIMIT 20
        """, new { organizationId });
}
