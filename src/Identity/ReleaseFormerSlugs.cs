using Tollgate.Foundation;
using Tollgate.Identity.Organizations;

namespace Tollgate.Identity;

/// <summary>Slugs that were given up half a year ago stop leading to their organization and may be taken again.</summary>
public sealed class ReleaseFormerSlugs(IDatabase database, IEnumerable<IOrganizationStep> steps, IChangeFeed feed, TimeProvider clock) : IRecurringJob
{
    public async Task RunAsync(CancellationToken cancellation)
    {
        const string due = "SELECT DISTINCT organization_id FROM identity.organization_slug WHERE held_until <= @now LIMIT 1000";
        var organizations = await database.AsWorkerAsync(session => session.QueryAsync<Guid>(due, new { now = clock.GetUtcNow() }), cancellation).ConfigureAwait(false);
        foreach (var id in organizations)
            await database.AsAppAsync(TenantContext.ForOrganization(id), session => ReleaseAsync(session, id), cancellation).ConfigureAwait(false);
        if (organizations.Count > 0)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<bool> ReleaseAsync(DbSession session, Guid id)
    {
        await session.ExecuteAsync("DELETE FROM identity.organization_slug WHERE organization_id = @id AND held_until <= @now", new { id, now = clock.GetUtcNow() }).ConfigureAwait(false);
        if (await OrganizationStore.LockAsync(session, id).ConfigureAwait(false) is not { } organization)
            return false;
        var names = new OrganizationNames(id, organization.Slug, organization.Name, await SlugStore.FormerAsync(session, id).ConfigureAwait(false));
        foreach (var step in steps)
            await step.RenamedAsync(session, names).ConfigureAwait(false);
        return true;
    }
}
