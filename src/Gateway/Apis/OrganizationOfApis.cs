using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Gateway.Apis;

/// <summary>Keeps the copies of an organization's name, slugs and suspension, and what hangs on them, in step; and keeps an organization that sells from being removed.</summary>
internal sealed class OrganizationOfApis(Publication publication) : IOrganizationStep, IOrganizationSuspensionStep, IOrganizationRemovalCheck
{
    public async Task RenamedAsync(DbSession session, OrganizationNames names)
    {
        const string update = """
            UPDATE gateway.api SET organization_slug = @Slug, organization_name = @Name, former_slugs = @former WHERE organization_id = @Id RETURNING id
            """;
        foreach (var id in await session.QueryAsync<Guid>(update, new { names.Id, names.Slug, names.Name, former = names.FormerSlugs.ToArray() }).ConfigureAwait(false))
            if (await ApiStore.FindAsync(session, id, forUpdate: false).ConfigureAwait(false) is { } row)
                await publication.RefreshAsync(session, row).ConfigureAwait(false);
    }

    public async Task SuspendedAsync(DbSession session, Guid organizationId, bool suspended)
    {
        // First: the database holds every row of an API to it.
        await session.ExecuteAsync(suspended
            ? "INSERT INTO gateway.suspended_provider (organization_id) VALUES (@organizationId) ON CONFLICT DO NOTHING"
            : "DELETE FROM gateway.suspended_provider WHERE organization_id = @organizationId", new { organizationId }).ConfigureAwait(false);
        const string update = "UPDATE gateway.api SET suspended = @suspended WHERE organization_id = @organizationId AND suspended <> @suspended RETURNING id";
        foreach (var id in await session.QueryAsync<Guid>(update, new { organizationId, suspended }).ConfigureAwait(false))
            if (await ApiStore.FindAsync(session, id, forUpdate: false).ConfigureAwait(false) is { } row)
                await publication.SetSuspendedAsync(session, row).ConfigureAwait(false);
    }

    public async Task<string?> HindranceAsync(DbSession session, Guid organizationId)
    {
        var count = await session.QuerySingleAsync<int>(
            "SELECT count(*)::int FROM gateway.api WHERE organization_id = @organizationId AND status IN ('published', 'unpublished')", new { organizationId }).ConfigureAwait(false);
        return count == 0 ? null : $"{count} API{(count == 1 ? "" : "s")} that {(count == 1 ? "is" : "are")} or {(count == 1 ? "was" : "were")} on sale and not archived";
    }
}
