using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Metering.Meters;

namespace Tollgate.Metering.Reports;

/// <summary>Takes events in. Each has its own verdict: what is wrong with one refuses no other.</summary>
internal sealed class ReportIntake(IDatabase database, ReportWriter writer, IEnumerable<IReportSubjects> subjects, TimeProvider clock)
{
    /// <param name="reporter">The organizations for which the caller may report, and no others.</param>
    public async Task<IReadOnlyList<ReportVerdictResponse>> TakeAsync(TenantContext reporter, IReadOnlyList<JsonElement> items, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        var batch = new ReportVerdicts(items);
        if (batch.Readable.Count > 0)
            await JudgeAsync(reporter, batch, now, cancellation).ConfigureAwait(false);
        if (batch.Admitted.Count > 0)
            batch.Settle(await writer.WriteAsync(batch.Admitted, now, cancellation).ConfigureAwait(false));
        return batch.ToResponses();
    }

    private async Task JudgeAsync(TenantContext reporter, ReportVerdicts batch, DateTimeOffset now, CancellationToken cancellation)
    {
        var names = batch.Readable.Select(pair => pair.Event.Meter).Distinct(StringComparer.Ordinal).ToArray();
        var ids = batch.Readable.Select(pair => pair.Event.SubscriptionId).Distinct().ToArray();
        var (owners, found) = await database.AsAppAsync(reporter, async session =>
        {
            var all = new Dictionary<Guid, ReportSubject>();
            foreach (var answer in subjects)
                foreach (var subject in await answer.FindAsync(session, ids).ConfigureAwait(false))
                    all[subject.SubscriptionId] = subject;
            return (await MeterStore.OwnersAsync(session, names).ConfigureAwait(false), all);
        }, cancellation).ConfigureAwait(false);
        foreach (var (index, reported) in batch.Readable)
        {
            // A consumer sees its subscription too, but reports nothing for it.
            if (!found.TryGetValue(reported.SubscriptionId, out var subject) || !reporter.OrganizationIds.Contains(subject.ProviderOrganizationId))
                batch.Reject(index, Rejection.SubscriptionUnknown);
            else if (!owners.TryGetValue(reported.Meter, out var owner) || owner != subject.ProviderOrganizationId)
                batch.Reject(index, Rejection.MeterUnknown);
            else if (ReportTimes.Of(subject, reported.Time ?? now, now, out var why) is { } counted)
                batch.Admit(index, new AdmittedReport(reported, subject, counted, reported.Time ?? now, reported.Key(), reported.Content(), TypeId.New(clock)));
            else
                batch.Reject(index, why!);
        }
    }
}
