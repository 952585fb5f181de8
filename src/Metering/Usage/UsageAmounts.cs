using Tollgate.Foundation;

namespace Tollgate.Metering.Usage;

internal sealed class UsageAmounts : IUsage
{
    private const string OfPeriod = """
        SELECT subscription_id, plan_version, meter, period_start, amount FROM metering.usage_by_period
        WHERE subscription_id = @subscriptionId AND period_start = @start ORDER BY plan_version, meter
        """;

    // One statement each, so that hours and log are of one moment: the shipper may commit between two.
    private const string Since = """
        SELECT subscription_id, least(sum(amount), 9223372036854775807)::bigint AS amount FROM (
          SELECT subscription_id, amount FROM metering.meter_hourly
          WHERE subscription_id = ANY (@subscriptionIds) AND meter = @meter AND hour >= @whole
          UNION ALL
          SELECT l.subscription_id, m.amount FROM metering.request_log l
          CROSS JOIN LATERAL unnest(coalesce(l.meters, '{1}'), coalesce(l.amounts, '{1}')) AS m (code, amount)
          WHERE l.subscription_id = ANY (@subscriptionIds) AND l.at >= @from AND l.at < @whole AND l.billable AND metering.meter_name(m.code) = @meter
        ) used GROUP BY subscription_id HAVING sum(amount) <> 0
        """;

    private const string DeclaredSince = """
        SELECT subscription_id, least(sum(amount), 9223372036854775807)::bigint AS amount FROM (
          SELECT subscription_id, amount FROM metering.meter_hourly
          WHERE subscription_id = ANY (@subscriptionIds) AND meter = @meter AND hour >= @whole
          UNION ALL
          SELECT subscription_id, amount FROM metering.reported_usage
          WHERE subscription_id = ANY (@subscriptionIds) AND meter = @meter AND at >= @from AND at < @whole
        ) used GROUP BY subscription_id HAVING sum(amount) <> 0
        """;

    private const string OfJournal = """
        SELECT coalesce(sum(m.amount), 0)::bigint FROM metering.request_log l
        CROSS JOIN LATERAL unnest(coalesce(l.meters, '{1}'), coalesce(l.amounts, '{1}')) AS m (code, amount)
        WHERE l.subscription_id = @subscriptionId AND l.at >= @from AND l.journal_id = @journalId AND l.billable AND metering.meter_name(m.code) = @meter
        """;

    public Task<long> OfJournalSinceAsync(DbSession session, Guid journalId, Guid subscriptionId, string meter, DateTimeOffset from) =>
        session.QuerySingleAsync<long>(OfJournal, new { journalId, subscriptionId, meter, from });

    public async Task<IReadOnlyList<PeriodUsage>> OfPeriodAsync(DbSession session, Guid subscriptionId, DateTimeOffset periodStart)
    {
        // Events carry their period's start in whole seconds.
        var start = new DateTimeOffset(periodStart.UtcTicks - periodStart.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);
        var rows = await session.QueryAsync<PeriodRow>(OfPeriod, new { subscriptionId, start }).ConfigureAwait(false);
        return [.. rows.Select(r => new PeriodUsage(r.SubscriptionId, r.PlanVersion, r.Meter, r.PeriodStart, r.Amount))];
    }

    public async Task<IReadOnlyDictionary<Guid, long>> SinceAsync(DbSession session, Guid[] subscriptionIds, string meter, DateTimeOffset from)
    {
        var whole = NextHour(from);
        var rows = await session.QueryAsync<SinceRow>(Meter.IsDeclared(meter) ? DeclaredSince : Since, new { subscriptionIds, meter, from, whole }).ConfigureAwait(false);
        return rows.ToDictionary(r => r.SubscriptionId, r => r.Amount);
    }

    /// <summary>The first whole hour that begins at or after an instant: from there on the rollups say what was used.</summary>
    public static DateTimeOffset NextHour(DateTimeOffset from) =>
        new((from.UtcTicks + TimeSpan.TicksPerHour - 1) / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, TimeSpan.Zero);

    private sealed class PeriodRow
    {
        public Guid SubscriptionId { get; init; }
        public int PlanVersion { get; init; }
        public string Meter { get; init; } = "";
        public DateTimeOffset PeriodStart { get; init; }
        public decimal Amount { get; init; }
    }

    private sealed class SinceRow
    {
        public Guid SubscriptionId { get; init; }
        public long Amount { get; init; }
    }
}
