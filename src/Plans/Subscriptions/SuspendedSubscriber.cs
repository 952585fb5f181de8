using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Plans.Subscriptions;

/// <summary>A suspended organization may use nothing that it has subscribed to. The subscriptions stay, and serve again as they were when it is lifted.</summary>
internal sealed class SuspendedSubscriber(TimeProvider clock) : IOrganizationSuspensionStep
{
    private const string Lock = "hashtextextended('plans.subscriber' || @organizationId::text, 0)";

    /// <summary>For who subscribes: the organization's suspension is over, or comes after what this transaction does.</summary>
    public static Task WaitAsync(DbSession session, Guid organizationId) => session.ExecuteAsync($"SELECT pg_advisory_xact_lock_shared({Lock})", new { organizationId });

    public async Task SuspendedAsync(DbSession session, Guid organizationId, bool suspended)
    {
        const string derive = """
            UPDATE plans.entitlement_snapshot e SET active = s.status IN ('active', 'past_due') AND NOT s.suspended, updated_at = @now
            FROM plans.subscription s WHERE s.id = e.subscription_id AND s.organization_id = @organizationId AND e.active <> (s.status IN ('active', 'past_due') AND NOT s.suspended)
            """;
        await session.ExecuteAsync($"SELECT pg_advisory_xact_lock({Lock})", new { organizationId }).ConfigureAwait(false);
        await session.ExecuteAsync("UPDATE plans.subscription SET suspended = @suspended WHERE organization_id = @organizationId", new { organizationId, suspended }).ConfigureAwait(false);
        await session.ExecuteAsync(derive, new { organizationId, now = clock.GetUtcNow() }).ConfigureAwait(false);
    }
}
