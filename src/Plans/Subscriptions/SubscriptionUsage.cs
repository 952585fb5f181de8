using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Plans.Subscriptions;

/// <summary>Whoever sees a subscription, its consumer or its provider, sees its usage.</summary>
internal sealed class SubscriptionUsage : IUsageSubjects
{
    public string Kind => "subscription";

    public Task<bool> IsVisibleAsync(DbSession session, Guid id)
    {
        ArgumentNullException.ThrowIfNull(session);
        return session.QuerySingleAsync<bool>("SELECT EXISTS (SELECT FROM plans.subscription WHERE id = @id)", new { id });
    }
}
