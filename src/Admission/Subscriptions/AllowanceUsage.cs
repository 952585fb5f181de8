using Tollgate.Admission.Deciding;
using Tollgate.Admission.Limits;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Subscriptions;

/// <summary>What is left of a subscription's allowances: from this node's counters where it admits calls, else from the request log.</summary>
internal sealed class AllowanceUsage(NodeState state, IDatabase database, IEntitlements entitlements, IUsage usage, TimeProvider clock)
{
    public async Task<IReadOnlyList<AllowanceUsageResponse>> OfAsync(Guid subscriptionId, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        // One of several nodes would show its own part only.
        if (state.Ready && state.Nodes == 1 && state.Shared is null && state.Subscribers.Find(subscriptionId)?.Terms is { IsCounted: true } terms)
            return [.. LiveUsage.Of(terms, now.UtcTicks).Select(item => ToResponse(
                item.Name, item.Window, item.Limit, item.Used, new DateTimeOffset(item.ResetsAt, TimeSpan.Zero), item.Charged ? PastAllowance.Charge : PastAllowance.Deny))];
        return await database.AsWorkerAsync(session => FromLogAsync(session, subscriptionId, now), cancellation).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<AllowanceUsageResponse>> FromLogAsync(DbSession session, Guid subscriptionId, DateTimeOffset now)
    {
        var found = await entitlements.LoadAsync(session, [subscriptionId]).ConfigureAwait(false);
        if (found is not [var entitlement])
            return [];
        var all = new List<AllowanceUsageResponse>(entitlement.Allowances.Count);
        foreach (var allowance in entitlement.Allowances)
        {
            var span = Calendar.Of(allowance.Window, entitlement.Anchor, entitlement.Interval, state.ZoneOf(entitlement.TimeZone), now);
            var sums = await usage.SinceAsync(session, [subscriptionId], allowance.Meter, span.Start).ConfigureAwait(false);
            all.Add(ToResponse(allowance.Meter, allowance.Window, allowance.Amount, sums.GetValueOrDefault(subscriptionId), span.End, allowance.Past));
        }
        return all;
    }

    private static AllowanceUsageResponse ToResponse(string meter, Window window, long limit, long used, DateTimeOffset resetsAt, PastAllowance past) =>
        new(meter, window, limit, used, Math.Max(0, limit - used), resetsAt, past);
}
