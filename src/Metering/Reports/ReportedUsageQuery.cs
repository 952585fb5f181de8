using Tollgate.Foundation;
using Tollgate.Metering.Usage;

namespace Tollgate.Metering.Reports;

/// <summary>
/// A mark is the oldest transaction that was still running: what it and later ones write is asked for again, so that the order of commits does not matter.
/// </summary>
internal sealed class ReportedUsageQuery : IReportedUsage
{
    // One statement, so one snapshot.
    private const string Since = """
        SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS mark,
          (SELECT coalesce(array_agg(subscription_id), '{}') FROM metering.reported_change WHERE changed >= @mark::text::xid8) AS subscription_ids
        """;

    private const string Now = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

    private const string Sums = """
        SELECT least(
          (SELECT coalesce(sum(amount), 0) FROM metering.meter_hourly h WHERE h.subscription_id = n.subscription_id AND h.meter = n.meter AND h.hour >= n.whole AND h.hour < n.last)
          + (SELECT coalesce(sum(amount), 0) FROM metering.reported_usage r WHERE r.subscription_id = n.subscription_id AND r.meter = n.meter AND r.at >= n.since AND r.at < n.whole)
          + (SELECT coalesce(sum(amount), 0) FROM metering.reported_usage r WHERE r.subscription_id = n.subscription_id AND r.meter = n.meter AND r.at >= n.last AND r.at < n.until),
          9223372036854775807)::bigint
        FROM unnest(@subscriptions, @meters, @since::timestamptz[], @whole::timestamptz[], @last::timestamptz[], @until::timestamptz[])
          WITH ORDINALITY AS n (subscription_id, meter, since, whole, last, until, place)
        ORDER BY n.place
        """;

    public Task<IReadOnlyList<long>> SumsAsync(DbSession session, IReadOnlyList<ReportedCounter> counters)
    {
        ArgumentNullException.ThrowIfNull(session);
        var hours = counters.Select(WholeHours).ToList();
        return session.QueryAsync<long>(Sums, new
        {
            subscriptions = counters.Select(counter => counter.SubscriptionId).ToArray(),
            meters = counters.Select(counter => counter.Meter).ToArray(),
            since = counters.Select(counter => counter.From.UtcDateTime).ToArray(),
            whole = hours.Select(span => span.First.UtcDateTime).ToArray(),
            last = hours.Select(span => span.End.UtcDateTime).ToArray(),
            until = counters.Select(counter => counter.To.UtcDateTime).ToArray(),
        });
    }

    public async Task<ReportedChanges> SinceAsync(DbSession session, long? mark)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (mark is null)
            return new ReportedChanges([], await session.QuerySingleAsync<long>(Now).ConfigureAwait(false));
        var row = await session.QuerySingleAsync<Row>(Since, new { mark }).ConfigureAwait(false);
        return new ReportedChanges(row.SubscriptionIds, row.Mark);
    }

    // None in a window without a whole hour: all of it is then before the first.
    private static (DateTimeOffset First, DateTimeOffset End) WholeHours(ReportedCounter counter)
    {
        var first = UsageAmounts.NextHour(counter.From);
        var end = counter.To.AddTicks(-(counter.To.UtcTicks % TimeSpan.TicksPerHour));
        return first <= end ? (first, end) : (counter.To, counter.To);
    }

    private sealed class Row
    {
        public long Mark { get; init; }

        public Guid[] SubscriptionIds { get; init; } = [];
    }
}
