using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans.Subscriptions;

namespace Tollgate.Plans;

/// <summary>
/// Gives subscriptions whose period has turned the time zone that their organization has now. The running period keeps its start, which usage is
/// already booked under: where the new zone would begin it at another instant, the subscription is counted from this period's start on.
/// </summary>
public sealed class RenewEntitlements(IDatabase database, IOrganizations organizations, TimeProvider clock) : IRecurringJob
{
    private const int BatchSize = 500;

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var due = await database.AsWorkerAsync(session => session.QueryAsync<Due>("""
                SELECT subscription_id, organization_id FROM plans.entitlement_snapshot
                WHERE active AND period_end <= @now ORDER BY period_end LIMIT @limit
                """, new { now = clock.GetUtcNow(), limit = BatchSize }), cancellation).ConfigureAwait(false);
            var renewed = 0;
            foreach (var item in due)
                renewed += await database.AsAppAsync(TenantContext.ForOrganization(item.OrganizationId), session => RenewAsync(session, item), cancellation).ConfigureAwait(false);
            if (due.Count < BatchSize || renewed == 0)
                return;
        }
    }

    private async Task<int> RenewAsync(DbSession session, Due item)
    {
        var row = await session.QuerySingleOrDefaultAsync<SubscriptionRow>($"{SubscriptionRow.Select} WHERE s.id = @id FOR UPDATE OF s", new { id = item.SubscriptionId }).ConfigureAwait(false);
        var organization = await organizations.FindAsync(session, item.OrganizationId).ConfigureAwait(false);
        if (row is null || organization is null)
            return 0;
        var now = clock.GetUtcNow();
        var period = row.Period(now);
        if (organization.TimeZone != row.TimeZone)
        {
            var renewed = Calendar.Period(row.Anchor, row.Interval, Zones.Find(organization.TimeZone), now);
            var anchor = renewed.Start == period.Start ? row.Anchor : period.Start;
            period = Calendar.Period(anchor, row.Interval, Zones.Find(organization.TimeZone), now);
            await session.ExecuteAsync("UPDATE plans.subscription SET time_zone = @zone, anchor = @anchor, updated_at = @now WHERE id = @id",
                new { id = row.Id, zone = organization.TimeZone, anchor, now }).ConfigureAwait(false);
        }
        await EntitlementStore.DeriveAsync(session, row.Id, period.End, now).ConfigureAwait(false);
        return 1;
    }

    private sealed class Due
    {
        public Guid SubscriptionId { get; init; }

        public Guid OrganizationId { get; init; }
    }
}
