using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Plans.Subscriptions;

/// <summary>Subscriptions as the intake of reported usage sees them.</summary>
internal sealed class ReportSubjects : IReportSubjects
{
    public async Task<IReadOnlyList<ReportSubject>> FindAsync(DbSession session, Guid[] subscriptionIds)
    {
        ArgumentNullException.ThrowIfNull(session);
        var rows = await session.QueryAsync<SubscriptionRow>($"{SubscriptionRow.Select} WHERE s.id = ANY (@subscriptionIds)", new { subscriptionIds }).ConfigureAwait(false);
        return [.. rows.Select(row => new ReportSubject(row.Id, row.OrganizationId, row.ProviderOrganizationId, row.Version, row.StartedAt, row.Anchor, row.CanceledAt, at =>
        {
            var period = row.Period(at);
            return (period.Start, period.End);
        }))];
    }
}
