using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Plans.Subscriptions;

/// <summary>Subscriptions as the intake of reported usage sees them.</summary>
internal sealed class ReportSubjects : IReportSubjects
{
    public Task<IReadOnlyList<Guid>> OfApiAsync(DbSession session, Guid apiId)
    {
        ArgumentNullException.ThrowIfNull(session);
        // By the plans, for the index: that of subscriptions leaves ended ones out.
        return session.QueryAsync<Guid>("SELECT s.id FROM plans.plan p JOIN plans.subscription s ON s.plan_id = p.id WHERE p.product_id = @apiId", new { apiId });
    }

    public async Task<IReadOnlyList<ReportSubject>> FindAsync(DbSession session, Guid[] subscriptionIds)
    {
        ArgumentNullException.ThrowIfNull(session);
        var rows = await session.QueryAsync<SubscriptionRow>($"{SubscriptionRow.Select} WHERE s.id = ANY (@subscriptionIds)", new { subscriptionIds }).ConfigureAwait(false);
        var changes = await VersionChanges.FindAsync(session, subscriptionIds).ConfigureAwait(false);
        return [.. rows.Select(row => new ReportSubject(row.Id, row.OrganizationId, row.ProviderOrganizationId, row.StartedAt, row.Anchor, row.CanceledAt, at =>
        {
            var period = row.Period(at);
            return (period.Start, period.End);
        }, at => changes[row.Id].FirstOrDefault(change => at < change.ChangedAt)?.VersionBefore ?? row.Version))];
    }
}
