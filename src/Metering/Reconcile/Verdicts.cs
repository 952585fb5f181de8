using Tollgate.Foundation;

namespace Tollgate.Metering.Reconcile;

/// <summary>Names what is wrong where figures differ: of three figures that should be the same, the one that stands alone.</summary>
internal static class Verdicts
{
    public static async Task<ReconciliationDifference> OfGatewayAsync(DbSession session, GatewayRow row)
    {
        var difference = row.Log - row.Gateway;
        if (difference > 0)
        {
            var doubled = await ReconcileStore.DoubledAsync(session, row.SubscriptionId, row.At).ConfigureAwait(false);
            var names = doubled.Count == 0 ? "no request is there twice" : $"more than once: {string.Join(", ", doubled.Select(id => TypeId.Format("req", id)))}";
            return new ReconciliationDifference(row.SubscriptionId, row.At, ReconciliationFinding.LogRowDoubled,
                $"the log has {row.Log} billable requests, the gateway counted {row.Gateway}: {difference} too many ({names})");
        }
        var rejected = await ReconcileStore.RejectedAsync(session, row.SubscriptionId).ConfigureAwait(false);
        var aside = rejected == 0 ? "" : $"; {rejected} of this subscription are in metering.rejected_record";
        return new ReconciliationDifference(row.SubscriptionId, row.At, ReconciliationFinding.LogRowMissing,
            $"the log has {row.Log} billable requests, the gateway counted {row.Gateway}: {-difference} missing{aside}");
    }

    public static IEnumerable<ReconciliationDifference> OfHours(IReadOnlyList<FiguresRow> hours, IReadOnlyList<FiguresRow> days)
    {
        var byDay = days.ToDictionary(d => (d.SubscriptionId, d.ApiId, d.At));
        foreach (var hour in hours)
        {
            var day = byDay.GetValueOrDefault((hour.SubscriptionId, hour.ApiId, new DateTimeOffset(hour.At.UtcDateTime.Date, TimeSpan.Zero)));
            yield return new ReconciliationDifference(hour.SubscriptionId, hour.At, Find(hour, day), $"{Api(hour)}, log / hourly: {Compare(hour.Log, hour.Hourly)}");
        }
    }

    /// <summary>Days whose hours agree with the log: then the day itself is wrong. The others are named by their hours.</summary>
    public static IEnumerable<ReconciliationDifference> OfDays(IReadOnlyList<FiguresRow> days, DateTimeOffset firstDay, DateTimeOffset endDay) =>
        from day in days
        where day.At >= firstDay && day.At < endDay && Same(day.Log, day.Hourly)
        select new ReconciliationDifference(day.SubscriptionId, day.At, ReconciliationFinding.DailyRollupAltered, $"{Api(day)}, log / daily: {Compare(day.Log, day.Daily)}");

    public static IEnumerable<ReconciliationDifference> OfPeriods(IReadOnlyList<PeriodRow> periods) =>
        from period in periods
        select new ReconciliationDifference(period.SubscriptionId, period.At, ReconciliationFinding.PeriodUsageAltered,
            $"{period.Meter} of plan version {period.PlanVersion}: log {period.Log}, period {period.Period}");

    public static IEnumerable<ReconciliationDifference> OfReported(IReadOnlyList<ReportedRow> hours) =>
        from hour in hours
        select new ReconciliationDifference(hour.SubscriptionId, hour.At, ReconciliationFinding.ReportedAndRollupDiffer, $"{hour.Meter}: reported {hour.Log}, hourly {hour.Hourly}");

    private static ReconciliationFinding Find(FiguresRow hour, FiguresRow? day)
    {
        if (day is not null && Same(day.Log, day.Daily))
            return ReconciliationFinding.HourlyRollupAltered;
        if (day is null || !Same(day.Hourly, day.Daily))
            return ReconciliationFinding.LogAndRollupDiffer;
        var (log, rollup) = (hour.Log?[0] ?? 0, hour.Hourly?[0] ?? 0);
        return log < rollup ? ReconciliationFinding.LogRowMissing : log > rollup ? ReconciliationFinding.LogRowDoubled : ReconciliationFinding.LogRowAltered;
    }

    private static bool Same(long[]? left, long[]? right) => left is null ? right is null : right is not null && left.AsSpan().SequenceEqual(right);

    private static string Api(FiguresRow row) => TypeId.Format("api", row.ApiId);

    private static string Compare(long[]? left, long[]? right)
    {
        var parts = new List<string>();
        for (var i = 0; i < ReconcileStore.Figures.Length; i++)
            if ((left?[i] ?? 0) != (right?[i] ?? 0))
                parts.Add($"{ReconcileStore.Figures[i]} {left?[i] ?? 0} / {right?[i] ?? 0}");
        return string.Join(", ", parts);
    }
}
