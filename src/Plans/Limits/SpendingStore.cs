using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans.Offers;
using Tollgate.Plans.Subscriptions;

namespace Tollgate.Plans.Limits;

/// <summary>By the same rating as the invoice, so that a cap and a bill cannot differ.</summary>
internal sealed class SpendingStore(IUsage usage, TimeProvider clock) : ISpending
{
    public async Task<IReadOnlyList<Spending>> OfAsync(DbSession session, Guid[] subscriptionIds)
    {
        ArgumentNullException.ThrowIfNull(session);
        var rows = await session.QueryAsync<SubscriptionRow>($"{SubscriptionRow.Select} WHERE s.id = ANY (@subscriptionIds)", new { subscriptionIds }).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        var all = new List<Spending>(rows.Count);
        foreach (var row in rows)
            all.Add(await OfAsync(session, row, row.Period(now).Start).ConfigureAwait(false));
        return all;
    }

    private async Task<Spending> OfAsync(DbSession session, SubscriptionRow row, DateTimeOffset periodStart)
    {
        var plan = row.ToPlan();
        var used = await usage.OfPeriodAsync(session, row.Id, periodStart).ConfigureAwait(false);
        var others = used.Select(u => u.PlanVersion).Where(version => version != plan.Version).Distinct().ToArray();
        var earlier = others.Length == 0 ? [] : await PlanStore.VersionsAsync(session, plan.Id, others).ConfigureAwait(false);
        var rated = Rating.Rate(plan, earlier, used);
        var lines = rated.Succeeded ? rated.Value.Lines.Where(line => line.Kind == InvoiceLineKind.Overage).ToList() : [];
        // More than can be represented is more than any cap.
        var amount = rated.Succeeded ? lines.Sum(line => line.Amount) : long.MaxValue;
        var usedUp = rated.Succeeded
            ? lines.Where(line => line.PlanVersion == plan.Version && line.Used >= line.Included).Select(line => line.Meter!)
            : plan.Allowances.Where(allowance => allowance.Past == PastAllowance.Charge).Select(allowance => allowance.Meter);
        return new Spending(row.Id, periodStart, amount, [.. usedUp]);
    }
}
