using Tollgate.Foundation;
using Tollgate.Metering.Reports;

namespace Tollgate.Metering;

/// <summary>
/// Recurring, hourly: forgets which events are known once none of them could be taken again. An event may be as old as 60 days and as new as five minutes ahead when
/// it comes; a day more than 60 covers both.
/// </summary>
public sealed class PruneReportedEvents(IDatabase database, TimeProvider clock) : IRecurringJob
{
    private const int Batch = 10_000;

    private const string Sql = """
        DELETE FROM metering.reported_event WHERE (organization_id, event_key) IN (
          SELECT organization_id, event_key FROM metering.reported_event WHERE created_at < @before ORDER BY created_at LIMIT @Batch)
        """;

    public async Task RunAsync(CancellationToken cancellation)
    {
        var before = clock.GetUtcNow() - ReportTimes.Oldest - TimeSpan.FromDays(1);
        int gone;
        do
            gone = await database.AsWorkerAsync(session => session.ExecuteAsync(Sql, new { before, Batch }), cancellation).ConfigureAwait(false);
        while (gone == Batch && !cancellation.IsCancellationRequested);
    }
}
