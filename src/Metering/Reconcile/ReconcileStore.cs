using Tollgate.Foundation;

namespace Tollgate.Metering.Reconcile;

/// <summary>The figures that are compared. All are read in one snapshot.</summary>
internal static class ReconcileStore
{
    /// <summary>What a set of figures holds, in this order.</summary>
    public static readonly string[] Figures = ["calls", "requests", "refused", "failed", "errors", "2xx", "3xx", "4xx", "5xx", "bytes_in", "bytes_out"];

    private const string LogFigures = """
        ARRAY[count(*), count(*) FILTER (WHERE billable), count(*) FILTER (WHERE outcome = 2), count(*) FILTER (WHERE outcome = 3),
          count(*) FILTER (WHERE status / 100 = 5), count(*) FILTER (WHERE status / 100 = 2), count(*) FILTER (WHERE status / 100 = 3),
          count(*) FILTER (WHERE status / 100 = 4), count(*) FILTER (WHERE status / 100 = 5), sum(bytes_in)::bigint, sum(bytes_out)::bigint]
        """;

    private const string RollupFigures = """
        ARRAY[sum(calls), sum(requests), sum(refused), sum(failed), sum(errors), sum(status_2xx), sum(status_3xx), sum(status_4xx), sum(status_5xx),
          sum(bytes_in), sum(bytes_out)]::bigint[]
        """;

    // The gateway counts by the event's own time, and only what a sealed totals record holds; a row of an unknown journal cannot have been counted.
    private const string SettledLog = """
        FROM metering.request_log l LEFT JOIN metering.journal_position p ON p.journal_id = l.journal_id
        WHERE l.billable AND ((l.at >= @from AND l.at < @to AND l.at = l.started_at) OR (l.at <> l.started_at AND l.started_at >= @from AND l.started_at < @to))
        """;

    private const string Gateway = $"""
        WITH counted AS (
          SELECT subscription_id, hour, sum(billable)::bigint AS n FROM metering.gateway_counter WHERE hour >= @from AND hour < @to GROUP BY 1, 2
        ), log AS (
          SELECT l.subscription_id, date_trunc('hour', l.started_at, 'UTC') AS hour, count(*) AS n
          {SettledLog} AND (p.journal_id IS NULL OR l.closed_offset < p.totals_offset)
          GROUP BY 1, 2
        )
        SELECT subscription_id, hour AS at, coalesce(counted.n, 0) AS gateway, coalesce(log.n, 0) AS log
        FROM counted FULL JOIN log USING (subscription_id, hour) WHERE counted.n IS DISTINCT FROM log.n ORDER BY 1, 2
        """;

    private const string Hours = $"""
        WITH log AS (
          SELECT subscription_id, api_id, date_trunc('hour', at, 'UTC') AS at, {LogFigures} AS f
          FROM metering.request_log WHERE at >= @from AND at < @to GROUP BY 1, 2, 3
        ), hourly AS (
          SELECT subscription_id, api_id, hour AS at, {RollupFigures} AS f FROM metering.usage_hourly WHERE hour >= @from AND hour < @to GROUP BY 1, 2, 3
        )
        SELECT subscription_id, api_id, at, log.f AS log, hourly.f AS hourly
        FROM log FULL JOIN hourly USING (subscription_id, api_id, at) WHERE log.f IS DISTINCT FROM hourly.f ORDER BY 1, 3, 2
        """;

    private const string Days = $"""
        WITH log AS (
          SELECT subscription_id, api_id, date_trunc('day', at, 'UTC') AS at, {LogFigures} AS f
          FROM metering.request_log WHERE at >= @from AND at < @to GROUP BY 1, 2, 3
        ), hourly AS (
          SELECT subscription_id, api_id, date_trunc('day', hour, 'UTC') AS at, {RollupFigures} AS f FROM metering.usage_hourly WHERE hour >= @from AND hour < @to GROUP BY 1, 2, 3
        ), daily AS (
          SELECT subscription_id, api_id, day AS at, {RollupFigures} AS f FROM metering.usage_daily WHERE day >= @from AND day < @to GROUP BY 1, 2, 3
        )
        SELECT subscription_id, api_id, at, log.f AS log, hourly.f AS hourly, daily.f AS daily
        FROM log FULL JOIN hourly USING (subscription_id, api_id, at) FULL JOIN daily USING (subscription_id, api_id, at)
        WHERE log.f IS DISTINCT FROM hourly.f OR hourly.f IS DISTINCT FROM daily.f ORDER BY 1, 3, 2
        """;

    // A period's sum has no end, so it is compared with all events that carry the period. They cannot lie before it (but for a clock's error).
    private const string Periods = """
        WITH log AS (
          SELECT l.subscription_id, l.plan_version, l.period_start, metering.meter_name(m.code) AS meter, sum(m.amount) AS amount
          FROM metering.request_log l CROSS JOIN LATERAL unnest(coalesce(l.meters, '{1}'), coalesce(l.amounts, '{1}')) AS m (code, amount)
          WHERE l.billable AND l.at >= @from - interval '1 day' AND l.period_start >= @from AND l.period_start < @to
          GROUP BY 1, 2, 3, 4
          UNION ALL
          SELECT subscription_id, plan_version, period_start, meter, sum(amount) FROM metering.reported_usage
          WHERE at >= @from - interval '1 day' AND period_start >= @from AND period_start < @to
          GROUP BY 1, 2, 3, 4
        ), period AS (
          SELECT subscription_id, plan_version, period_start, meter, amount FROM metering.usage_by_period WHERE period_start >= @from AND period_start < @to
        )
        SELECT subscription_id, plan_version, period_start AS at, meter, coalesce(log.amount, 0) AS log, coalesce(period.amount, 0) AS period
        FROM log FULL JOIN period USING (subscription_id, plan_version, period_start, meter) WHERE log.amount IS DISTINCT FROM period.amount ORDER BY 1, 3, 2, 4
        """;

    // Calls have their hours compared in all figures; what was reported has this one.
    private const string Reported = """
        WITH events AS (
          SELECT subscription_id, meter, date_trunc('hour', at, 'UTC') AS at, sum(amount) AS amount FROM metering.reported_usage WHERE at >= @from AND at < @to GROUP BY 1, 2, 3
        ), hourly AS (
          SELECT subscription_id, meter, hour AS at, sum(amount) AS amount FROM metering.meter_hourly WHERE hour >= @from AND hour < @to AND meter LIKE 'x.%' GROUP BY 1, 2, 3
        )
        SELECT subscription_id, meter, at, coalesce(events.amount, 0) AS log, coalesce(hourly.amount, 0) AS hourly
        FROM events FULL JOIN hourly USING (subscription_id, meter, at) WHERE events.amount IS DISTINCT FROM hourly.amount ORDER BY 1, 3, 2
        """;

    private const string Totals = $"""
        SELECT subscription_id, coalesce(sum(n) FILTER (WHERE k = 'g'), 0)::bigint AS gateway, coalesce(sum(n) FILTER (WHERE k = 'u'), 0)::bigint AS unsealed,
          coalesce(sum(n) FILTER (WHERE k = 'l'), 0)::bigint AS log, coalesce(sum(n) FILTER (WHERE k = 'h'), 0)::bigint AS hourly,
          (sum(n) FILTER (WHERE k = 'd'))::bigint AS daily, sum(n) FILTER (WHERE k = 'p') AS period
        FROM (
          SELECT 'g' AS k, subscription_id, sum(billable) AS n FROM metering.gateway_counter WHERE hour >= @from AND hour < @to GROUP BY 2
          UNION ALL SELECT 'u', l.subscription_id, count(*) {SettledLog} AND p.journal_id IS NOT NULL AND l.closed_offset >= p.totals_offset GROUP BY 2
          UNION ALL SELECT 'l', subscription_id, count(*) FROM metering.request_log WHERE billable AND at >= @from AND at < @to GROUP BY 2
          UNION ALL SELECT 'h', subscription_id, sum(requests) FROM metering.usage_hourly WHERE hour >= @from AND hour < @to GROUP BY 2
          UNION ALL SELECT 'd', subscription_id, sum(requests) FROM metering.usage_daily WHERE day >= @firstDay AND day < @endDay GROUP BY 2
          UNION ALL SELECT 'p', subscription_id, sum(amount) FROM metering.usage_by_period WHERE meter = 'requests' AND period_start >= @from AND period_start < @to GROUP BY 2
        ) counted GROUP BY subscription_id ORDER BY subscription_id
        """;

    private const string Doubled = """
        SELECT l.request_id FROM metering.request_log l
        WHERE l.subscription_id = @subscription AND l.billable AND l.at >= @from AND l.at < @to
        GROUP BY l.request_id HAVING count(*) > 1 ORDER BY 1 LIMIT 5
        """;

    public static Task<int> SnapshotAsync(DbSession session) => session.ExecuteAsync("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");

    public static Task<IReadOnlyList<GatewayRow>> GatewayAsync(DbSession session, DateTimeOffset from, DateTimeOffset to) =>
        session.QueryAsync<GatewayRow>(Gateway, new { from, to });

    public static Task<IReadOnlyList<FiguresRow>> HoursAsync(DbSession session, DateTimeOffset from, DateTimeOffset to) =>
        session.QueryAsync<FiguresRow>(Hours, new { from, to });

    public static Task<IReadOnlyList<FiguresRow>> DaysAsync(DbSession session, DateTimeOffset from, DateTimeOffset to) =>
        session.QueryAsync<FiguresRow>(Days, new { from, to });

    public static Task<IReadOnlyList<PeriodRow>> PeriodsAsync(DbSession session, DateTimeOffset from, DateTimeOffset to) =>
        session.QueryAsync<PeriodRow>(Periods, new { from, to });

    public static Task<IReadOnlyList<ReportedRow>> ReportedAsync(DbSession session, DateTimeOffset from, DateTimeOffset to) =>
        session.QueryAsync<ReportedRow>(Reported, new { from, to });

    public static Task<IReadOnlyList<TotalRow>> TotalsAsync(DbSession session, DateTimeOffset from, DateTimeOffset to, DateTimeOffset firstDay, DateTimeOffset endDay) =>
        session.QueryAsync<TotalRow>(Totals, new { from, to, firstDay, endDay });

    public static Task<IReadOnlyList<Guid>> DoubledAsync(DbSession session, Guid subscription, DateTimeOffset hour) =>
        session.QueryAsync<Guid>(Doubled, new { subscription, from = hour, to = hour.AddHours(1) });

    public static Task<long> RejectedAsync(DbSession session, Guid subscription) => session.QuerySingleAsync<long>(
        "SELECT count(*) FROM metering.rejected_record WHERE subscription_id = @subscription AND billable AND kind IN (1, 4)", new { subscription });

    public static Task<DateOnly?> LastDroppedAsync(DbSession session) =>
        session.QuerySingleAsync<DateOnly?>("SELECT max(month) FROM metering.request_log_month WHERE dropped_at IS NOT NULL");
}
