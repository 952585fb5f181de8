using Tollgate.Foundation;
using Tollgate.Identity.Attempts;

namespace Tollgate.Identity.Admin;

internal sealed class OrganizationContacts(MailLimits mails) : IOrganizationContacts
{
    public Task<IReadOnlyList<Contact>> AdminsAsync(DbSession session, Guid organizationId) => session.QueryAsync<Contact>("""
        SELECT a.id AS account_id, a.email, a.name, a.email_verified_at IS NOT NULL AS email_verified FROM identity.member m JOIN identity.account a ON a.id = m.account_id
        WHERE m.organization_id = @organizationId AND m.role IN ('owner', 'admin') AND a.disabled_at IS NULL ORDER BY m.role = 'owner' DESC, m.created_at LIMIT 100
        """, new { organizationId });

    public Task<bool> TakeNewsAsync(DbSession session, string email) => mails.TakeNewsAsync(session, email);
}
