using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Admission.Subscriptions;

internal static class OwnSubscription
{
    /// <summary>
    /// The subscription of one of the caller's own organizations. The provider of the plan may know of it elsewhere; here, where keys are, it is not found.
    /// </summary>
    public static async Task<Outcome<Subscription>> FindAsync(DbSession session, ISubscriptions subscriptions, Caller caller, string id)
    {
        if (!TypeId.TryParse(id, "sub", out var subscriptionId))
            return Failure.NotFound("subscription");
        var subscription = await subscriptions.FindAsync(session, subscriptionId).ConfigureAwait(false);
        if (subscription is null)
            return Failure.NotFound("subscription");
        return caller.Refusal(subscription.OrganizationId, "subscription") is { } refused ? refused : subscription;
    }
}
