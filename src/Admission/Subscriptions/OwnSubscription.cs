using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Admission.Subscriptions;

internal static class OwnSubscription
{
    /// <summary>
    /// The subscription of one of the caller's own organizations. The provider of the plan may know of it elsewhere; here, where keys are, it is not found.
    /// </summary>
    public static async Task<Outcome<Subscription>> FindAsync(DbSession session, ISubscriptions subscriptions, Caller caller, string id, Permission permission)
    {
        if (!TypeId.TryParse(id, "sub", out var subscriptionId))
            return Failure.NotFound("subscription");
        var subscription = await subscriptions.FindAsync(session, subscriptionId).ConfigureAwait(false);
        if (subscription is null || !caller.May(subscription.OrganizationId, Permission.View))
            return Failure.NotFound("subscription");
        return caller.May(subscription.OrganizationId, permission)
            ? subscription
            : Failure.Forbidden("Your role in this organization does not allow to manage its subscriptions.");
    }
}
