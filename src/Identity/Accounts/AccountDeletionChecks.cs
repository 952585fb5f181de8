using Tollgate.Foundation;

namespace Tollgate.Identity.Accounts;

/// <summary>An organization that others are members of, or that is not the personal one, needs an owner.</summary>
internal sealed class OrganizationNeedsOwner : IAccountDeletionCheck
{
    public async Task<IReadOnlyList<FieldError>> FindAsync(DbSession session, Guid accountId, IReadOnlyList<Guid> organizationIds)
    {
        const string sql = """
            SELECT o.name FROM identity.organization o WHERE o.id = ANY (@ids)
              AND (NOT o.personal OR EXISTS (SELECT FROM identity.member m WHERE m.organization_id = o.id AND m.account_id <> @accountId)) ORDER BY o.name
            """;
        var names = await session.QueryAsync<string>(sql, new { accountId, ids = organizationIds.ToArray() }).ConfigureAwait(false);
        return [.. names.Select(name => new FieldError("organizations", "SOLE_OWNER", $"You are the only owner of {name}. Give it to somebody else, or delete it."))];
    }
}

/// <summary>What keeps an organization from being removed keeps its only owner from leaving.</summary>
internal sealed class OrganizationInUse(IEnumerable<IOrganizationRemovalCheck> checks) : IAccountDeletionCheck
{
    public async Task<IReadOnlyList<FieldError>> FindAsync(DbSession session, Guid accountId, IReadOnlyList<Guid> organizationIds)
    {
        var found = new List<FieldError>();
        foreach (var id in organizationIds)
        {
            var name = await session.QuerySingleAsync<string>("SELECT name FROM identity.organization WHERE id = @id", new { id }).ConfigureAwait(false);
            foreach (var check in checks)
                if (await check.HindranceAsync(session, id).ConfigureAwait(false) is { } hindrance)
                    found.Add(new FieldError("organizations", "ORGANIZATION_IN_USE", $"{name} still has {hindrance}. End that first."));
        }
        return found;
    }
}
