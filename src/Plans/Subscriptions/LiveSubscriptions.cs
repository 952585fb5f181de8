using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Plans.Subscriptions;

/// <summary>An organization with live subscriptions is not removed.</summary>
internal sealed class LiveSubscriptions : IOrganizationRemovalCheck
{
    public async Task<string?> HindranceAsync(DbSession session, Guid organizationId)
    {
        var count = await session.QuerySingleAsync<int>(
            "SELECT count(*)::int FROM plans.subscription WHERE organization_id = @organizationId AND status <> 'canceled'", new { organizationId }).ConfigureAwait(false);
        return count == 0 ? null : $"{count} live subscription{(count == 1 ? "" : "s")}";
    }
}
