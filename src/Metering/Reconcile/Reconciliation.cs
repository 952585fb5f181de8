using Microsoft.Extensions.Options;
using Tollgate.Foundation;

namespace Tollgate.Metering.Reconcile;

internal sealed class Reconciliation(IDatabase database, Seals seals, IOptions<MeteringOptions> options) : IReconciliation
{
    public async Task<ReconciliationReport> RunAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation)
    {
        if (from >= to)
            throw new ArgumentException("The span is empty.", nameof(to));
        var unsettled = await seals.RequestAsync(TimeSpan.FromSeconds(options.Value.SealWaitSeconds), cancellation).ConfigureAwait(false);
        return await database.AsWorkerAsync(async session =>
        {
            await ReconcileStore.SnapshotAsync(session).ConfigureAwait(false);
            return await CompareAsync(session, Floor(from, TimeSpan.TicksPerHour), Ceiling(to, TimeSpan.TicksPerHour), unsettled).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
    }

    private static async Task<ReconciliationReport> CompareAsync(DbSession session, DateTimeOffset from, DateTimeOffset to, IReadOnlyList<UnsettledJournal> unsettled)
    {
        List<string> notes = [];
        if (await ReconcileStore.LastDroppedAsync(session).ConfigureAwait(false) is { } dropped)
        {
            var kept = new DateTimeOffset(dropped.AddMonths(1), TimeOnly.MinValue, TimeSpan.Zero);
            if (from < kept)
            {
                notes.Add($"The request log before {kept:u} is past its retention and was left out.");
                from = kept < to ? kept : to;
            }
        }
        var (firstDay, endDay) = (Ceiling(from, TimeSpan.TicksPerDay), Floor(to, TimeSpan.TicksPerDay));
        var gateway = await ReconcileStore.GatewayAsync(session, from, to).ConfigureAwait(false);
        var hours = await ReconcileStore.HoursAsync(session, from, to).ConfigureAwait(false);
        // The days around the span, whole: a day's sum is the third opinion on which of log and hour is wrong.
        var days = await ReconcileStore.DaysAsync(session, Floor(from, TimeSpan.TicksPerDay), Ceiling(to, TimeSpan.TicksPerDay)).ConfigureAwait(false);
        var periods = await ReconcileStore.PeriodsAsync(session, from, to).ConfigureAwait(false);
        var reported = await ReconcileStore.ReportedAsync(session, from, to).ConfigureAwait(false);
        var totals = await ReconcileStore.TotalsAsync(session, from, to, firstDay, endDay).ConfigureAwait(false);

        List<ReconciliationDifference> differences = [];
        foreach (var row in gateway)
            differences.Add(await Verdicts.OfGatewayAsync(session, row).ConfigureAwait(false));
        differences.AddRange(Verdicts.OfHours(hours, days));
        differences.AddRange(Verdicts.OfDays(days, firstDay, endDay));
        differences.AddRange(Verdicts.OfPeriods(periods));
        differences.AddRange(Verdicts.OfReported(reported));
        var different = differences.Select(d => d.SubscriptionId).ToHashSet();
        var rows = totals.Select(t => new ReconciliationRow(t.SubscriptionId, t.Gateway, t.Unsealed, t.Log, t.Hourly, t.Daily, t.Period, !different.Contains(t.SubscriptionId)));
        return new ReconciliationReport(from, to, [.. rows], differences, unsettled, notes);
    }

    private static DateTimeOffset Floor(DateTimeOffset time, long step) => new(time.UtcTicks - time.UtcTicks % step, TimeSpan.Zero);

    private static DateTimeOffset Ceiling(DateTimeOffset time, long step) => Floor(time.AddTicks(step - 1), step);
}
