using Npgsql;
using Tollgate.Foundation;
using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Shipping;

/// <summary>
/// Adds a batch's sums to the rollups. The rows of each statement are sorted by key, and the statements have one order, so that two shippers never
/// wait for each other in a circle.
/// </summary>
internal static class RollupWriter
{
    private static readonly string Hourly = UpsertUsage("usage_hourly", "hour");
    private static readonly string Daily = UpsertUsage("usage_daily", "day");
    private static readonly string HourlyLatency = UpsertLatency("latency_hourly", "hour");
    private static readonly string DailyLatency = UpsertLatency("latency_daily", "day");

    private const string UpsertMeters = """
        INSERT INTO metering.meter_hourly AS t (hour, subscription_id, meter, organization_id, provider_organization_id, amount)
        SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::numeric[]) AS n
          (hour, subscription_id, meter, organization_id, provider_organization_id, amount)
        ORDER BY subscription_id, meter, hour, organization_id, provider_organization_id
        ON CONFLICT (subscription_id, meter, hour, organization_id, provider_organization_id) DO UPDATE SET amount = t.amount + excluded.amount
        """;

    private const string UpsertPeriods = """
        INSERT INTO metering.usage_by_period AS t (subscription_id, plan_version, meter, period_start, organization_id, provider_organization_id, amount)
        SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::numeric[]) AS n
          (subscription_id, plan_version, meter, period_start, organization_id, provider_organization_id, amount)
        ORDER BY subscription_id, period_start, plan_version, meter
        ON CONFLICT (subscription_id, period_start, plan_version, meter) DO UPDATE SET amount = t.amount + excluded.amount
        """;

    private const string UpsertCounters = """
        INSERT INTO metering.gateway_counter AS t (journal_id, subscription_id, hour, billable)
        SELECT $1, * FROM unnest($2::uuid[], $3::timestamptz[], $4::bigint[]) AS n (subscription_id, hour, billable)
        ORDER BY hour, subscription_id
        ON CONFLICT (hour, subscription_id, journal_id) DO UPDATE SET billable = t.billable + excluded.billable
        """;

    public static async Task WriteAsync(DbSession session, Guid journalId, Rollups rollups, IReadOnlyCollection<KeyValuePair<(DateTime Hour, Guid Subscription), long>> counters)
    {
        await using var batch = new NpgsqlBatch(session.Connection, session.Transaction);
        AddUsage(batch, Hourly, rollups.Hours);
        AddUsage(batch, Daily, rollups.Days);
        AddLatency(batch, HourlyLatency, rollups.HourLatencies);
        AddLatency(batch, DailyLatency, rollups.DayLatencies);
        if (rollups.Meters.Count > 0)
            Add(batch, UpsertMeters, Of(rollups.Meters, m => m.Key.Hour), Of(rollups.Meters, m => m.Key.Subscription), Of(rollups.Meters, m => m.Key.Meter),
                Of(rollups.Meters, m => m.Key.Organization), Of(rollups.Meters, m => m.Key.Provider), Of(rollups.Meters, m => m.Value));
        if (rollups.Periods.Count > 0)
            Add(batch, UpsertPeriods, Of(rollups.Periods, p => p.Key.Subscription), Of(rollups.Periods, p => p.Key.PlanVersion), Of(rollups.Periods, p => p.Key.Meter),
                Of(rollups.Periods, p => p.Key.PeriodStart), Of(rollups.Periods, p => p.Value.Organization), Of(rollups.Periods, p => p.Value.Provider), Of(rollups.Periods, p => p.Value.Amount));
        if (counters.Count > 0)
            Add(batch, UpsertCounters, journalId, Of(counters, c => c.Key.Subscription), Of(counters, c => c.Key.Hour), Of(counters, c => c.Value));
        if (batch.BatchCommands.Count > 0)
            await batch.ExecuteNonQueryAsync(session.Cancellation).ConfigureAwait(false);
    }

    private static void AddUsage(NpgsqlBatch batch, string sql, Dictionary<UsageKey, UsageSums> sums)
    {
        if (sums.Count > 0)
            Add(batch, sql, Of(sums, s => s.Key.Time), Of(sums, s => s.Key.Subscription), Of(sums, s => s.Key.Api), Of(sums, s => s.Key.Organization), Of(sums, s => s.Key.Provider),
                Of(sums, s => s.Value.Requests), Of(sums, s => s.Value.Calls), Of(sums, s => s.Value.Refused), Of(sums, s => s.Value.Failed), Of(sums, s => s.Value.Status[5]),
                Of(sums, s => s.Value.Status[2]), Of(sums, s => s.Value.Status[3]), Of(sums, s => s.Value.Status[4]), Of(sums, s => s.Value.Status[5]),
                Of(sums, s => s.Value.BytesIn), Of(sums, s => s.Value.BytesOut));
    }

    private static void AddLatency(NpgsqlBatch batch, string sql, Dictionary<LatencyKey, long> counts)
    {
        if (counts.Count > 0)
            Add(batch, sql, Of(counts, c => c.Key.Usage.Time), Of(counts, c => c.Key.Usage.Subscription), Of(counts, c => c.Key.Usage.Api), Of(counts, c => c.Key.Usage.Organization),
                Of(counts, c => c.Key.Usage.Provider), Of(counts, c => c.Key.Bucket), Of(counts, c => c.Value));
    }

    private static void Add(NpgsqlBatch batch, string sql, params object[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        batch.BatchCommands.Add(command);
    }

    private static TValue[] Of<TItem, TValue>(IReadOnlyCollection<TItem> items, Func<TItem, TValue> value) => [.. items.Select(value)];

    private static string UpsertUsage(string table, string time)
    {
        string[] sums = ["requests", "calls", "refused", "failed", "errors", "status_2xx", "status_3xx", "status_4xx", "status_5xx", "bytes_in", "bytes_out"];
        var arrays = string.Join(", ", sums.Select((_, i) => $"${i + 6}::bigint[]"));
        return $"""
            INSERT INTO metering.{table} AS t ({time}, subscription_id, api_id, organization_id, provider_organization_id, {string.Join(", ", sums)})
            SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], {arrays}) AS n
              ({time}, subscription_id, api_id, organization_id, provider_organization_id, {string.Join(", ", sums)})
            ORDER BY subscription_id, {time}, api_id, organization_id, provider_organization_id
            ON CONFLICT (subscription_id, {time}, api_id, organization_id, provider_organization_id) DO UPDATE
              SET {string.Join(", ", sums.Select(s => $"{s} = t.{s} + excluded.{s}"))}
            """;
    }

    private static string UpsertLatency(string table, string time) => $"""
        INSERT INTO metering.{table} AS t ({time}, subscription_id, api_id, organization_id, provider_organization_id, bucket, count)
        SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::smallint[], $7::bigint[]) AS n
          ({time}, subscription_id, api_id, organization_id, provider_organization_id, bucket, count)
        ORDER BY subscription_id, {time}, api_id, organization_id, provider_organization_id, bucket
        ON CONFLICT (subscription_id, {time}, api_id, organization_id, provider_organization_id, bucket) DO UPDATE SET count = t.count + excluded.count
        """;
}
