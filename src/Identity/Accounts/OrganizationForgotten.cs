using Tollgate.Foundation;
using Tollgate.Identity.Organizations;

namespace Tollgate.Identity.Accounts;

/// <summary>The personal organization of a deleted account lost its name.</summary>
internal sealed record OrganizationForgotten(Guid OrganizationId)
{
    public const string Type = "identity.organization_forgotten";
}

/// <summary>Tells the modules that keep copies of the name. By the outbox: they change as app, under the organization's row-level security, and an account ends as worker.</summary>
internal sealed class ForgetOrganizationCopies(IDatabase database, IEnumerable<IOrganizationStep> steps, OrganizationStore organizations, IChangeFeed feed) : IOutboxHandler
{
    public string Name => "identity.forget_organization_copies";

    public string EventType => OrganizationForgotten.Type;

    public int MaximumVersion => 1;

    public async Task HandleAsync(DbSession session, OutboxEvent @event)
    {
        var id = @event.Read<OrganizationForgotten>().OrganizationId;
        await database.AsAppAsync(TenantContext.ForOrganization(id), async app =>
        {
            if (await organizations.FindAsync(app, id).ConfigureAwait(false) is { } organization)
                foreach (var step in steps)
                    await step.RenamedAsync(app, new OrganizationNames(id, organization.Slug, organization.Name, [])).ConfigureAwait(false);
            return true;
        }, session.Cancellation).ConfigureAwait(false);
        await feed.AfterCommitAsync(session.Cancellation).ConfigureAwait(false);
    }
}
