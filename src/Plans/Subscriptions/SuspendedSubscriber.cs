using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Plans.Subscriptions;

/// <summary>A suspended organization may use nothing that it has subscribed to. The subscriptions stay, and serve again as they were when it is lifted.</summary>
internal sealed class SuspendedSubscriber(TimeProvider clock) : IOrganizationSuspensionStep
{
    public async Task SuspendedAsync(DbSession session, Guid organizationId, bool suspended)
    {
        const string derive = """
            UPDATE plans.entitlement_snapshot e SET active = s.status IN ('active', 'past_due') AND NOT s.suspended, updated_at = @now
            FROM plans.subscription s WHERE s.id = e.subscription_id AND s.organization_id = @organizationId AND e.active <> (s.status IN ('active', 'past_due') AND NOT s.suspended)
            """;
        // Who subscribes holds the organization, so there is none to come that this does not see. Before the subscriptions: the database holds every row of them to it.
        await session.ExecuteAsync(suspended
            ? "INSERT INTO plans.suspended_subscriber (organization_id) VALUES (@organizationId) ON CONFLICT DO NOTHING"
            : "DELETE FROM plans.suspended_subscriber WHERE organization_id = @organizationId", new { organizationId }).ConfigureAwait(false);
        await session.ExecuteAsync("UPDATE plans.subscription SET suspended = @suspended WHERE organization_id = @organizationId", new { organizationId, suspended }).ConfigureAwait(false);
        await session.ExecuteAsync(derive, new { organizationId, now = clock.GetUtcNow() }).ConfigureAwait(false);
    }
}
