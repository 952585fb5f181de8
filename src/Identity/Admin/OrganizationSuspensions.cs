using Tollgate.Foundation;
using Tollgate.Identity.Organizations;

namespace Tollgate.Identity.Admin;

/// <summary>
/// An operator suspends an organization, or lifts it. The transaction stands under the organization's row-level security, so that other modules change what is its own and
/// nothing else; the row itself only an operator can write.
/// </summary>
internal sealed class OrganizationSuspensions(IDatabase database, IEnumerable<IOrganizationSuspensionStep> steps, IOutbox outbox, IChangeFeed feed, IAuditLog audit, TimeProvider clock)
{
    private static readonly Failure Removed = Failure.Conflict("ORGANIZATION_REMOVED", "This organization was removed. There is nothing left to suspend, or to lift.");

    public Task<Outcome<bool>> SuspendAsync(Caller caller, Guid organizationId, string reason, AuditActor actor, CancellationToken cancellation) => ActAsync(caller, organizationId, async session =>
    {
        const string sql = "INSERT INTO identity.suspension (organization_id, suspended_at, reason) VALUES (@organizationId, @now, @reason) ON CONFLICT DO NOTHING";
        var suspended = await session.ExecuteAsync(sql, new { organizationId, now = clock.GetUtcNow(), reason }).ConfigureAwait(false) > 0;
        await StepAsync(session, organizationId, suspended: true).ConfigureAwait(false);
        if (suspended)
            await TellAsync(session, organizationId, actor, suspended: true, reason).ConfigureAwait(false);
    }, cancellation);

    public Task<Outcome<bool>> LiftAsync(Caller caller, Guid organizationId, AuditActor actor, CancellationToken cancellation) => ActAsync(caller, organizationId, async session =>
    {
        var lifted = await session.ExecuteAsync("DELETE FROM identity.suspension WHERE organization_id = @organizationId", new { organizationId }).ConfigureAwait(false) > 0;
        await StepAsync(session, organizationId, suspended: false).ConfigureAwait(false);
        if (lifted)
            await TellAsync(session, organizationId, actor, suspended: false, reason: null).ConfigureAwait(false);
    }, cancellation);

    private async Task<Outcome<bool>> ActAsync(Caller caller, Guid organizationId, Func<DbSession, Task> act, CancellationToken cancellation)
    {
        var inItsPlace = new TenantContext(caller.AccountId, [organizationId]) { IsOperator = true };
        var done = await database.AsAppAsync<Outcome<bool>>(inItsPlace, async session =>
        {
            if (await OrganizationStore.LockAsync(session, organizationId).ConfigureAwait(false) is null)
                return await AdminStore.OrganizationAsync(session, organizationId).ConfigureAwait(false) is null ? Failure.NotFound("organization") : Removed;
            await act(session).ConfigureAwait(false);
            return true;
        }, cancellation).ConfigureAwait(false);
        if (done.Succeeded)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return done;
    }

    // Each time, also when it was so already: what a node of the version before has left undone is done by doing it again.
    private async Task StepAsync(DbSession session, Guid organizationId, bool suspended)
    {
        foreach (var step in steps)
            await step.SuspendedAsync(session, organizationId, suspended).ConfigureAwait(false);
    }

    private async Task TellAsync(DbSession session, Guid organizationId, AuditActor actor, bool suspended, string? reason)
    {
        await audit.WriteAsync(session, actor, new AuditChange(suspended ? "organization.suspended" : "organization.unsuspended", TypeId.Format("org", organizationId), organizationId,
            Before: new { suspended = !suspended }, After: new { suspended, reason })).ConfigureAwait(false);
        await outbox.PublishAsync(session, SuspensionChanged.Type, 1, new SuspensionChanged(organizationId, suspended, reason)).ConfigureAwait(false);
    }
}
