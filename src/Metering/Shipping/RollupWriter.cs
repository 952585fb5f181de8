using Npgsql;

namespace Tollgate.Metering.Shipping;

/// <summary>
/// Adds a batch's sums to the rollups. They come in the order of the keys, and the statements have one order, so that two shippers never wait for each other
/// in a circle.
/// </summary>
internal static class RollupWriter
{
    private static readonly string Hourly = UpsertUsage("usage_hourly", "hour");
    private static readonly string Daily = UpsertUsage("usage_daily", "day");

    private const string UpsertMeters = """
        INSERT INTO metering.meter_hourly AS t (hour, subscription_id, meter, organization_id, provider_organization_id, amount)
        SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::numeric[])
        ON CONFLICT (subscription_id, meter, hour, organization_id, provider_organization_id) DO UPDATE SET amount = t.amount + excluded.amount
        """;

    private const string UpsertPeriods = """
        INSERT INTO metering.usage_by_period AS t (subscription_id, plan_version, meter, period_start, organization_id, provider_organization_id, amount)
        SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::numeric[])
        ON CONFLICT (subscription_id, period_start, plan_version, meter) DO UPDATE SET amount = t.amount + excluded.amount
        """;

    private const string UpsertCounters = """
        INSERT INTO metering.gateway_counter AS t (journal_id, subscription_id, hour, billable)
        SELECT $1, * FROM unnest($2::uuid[], $3::timestamptz[], $4::bigint[])
        ON CONFLICT (hour, subscription_id, journal_id) DO UPDATE SET billable = t.billable + excluded.billable
        """;

    /// <summary>The statements, in the order in which every shipper has them.</summary>
    public static void Add(NpgsqlBatch batch, Guid journalId, Rollups rollups, IReadOnlyList<KeyValuePair<(DateTime Hour, Guid Subscription), long>> counters, ColumnLists columns)
    {
        AddUsage(batch, Hourly, rollups.Hours, columns);
        AddUsage(batch, Daily, rollups.Days, columns);
        AddMeters(batch, rollups.Meters, columns);
        AddPeriods(batch, rollups.Periods, columns);
        if (counters.Count > 0)
            Add(batch, UpsertCounters, journalId, columns.Of(counters, c => c.Key.Subscription), columns.Of(counters, c => c.Key.Hour), columns.Of(counters, c => c.Value));
    }

    public static void AddMeters(NpgsqlBatch batch, IReadOnlyList<KeyValuePair<MeterKey, decimal>> meters, ColumnLists columns)
    {
        if (meters.Count > 0)
            Add(batch, UpsertMeters, columns.Of(meters, m => m.Key.Hour), columns.Of(meters, m => m.Key.Subscription), columns.Of(meters, m => m.Key.Meter),
                columns.Of(meters, m => m.Key.Organization), columns.Of(meters, m => m.Key.Provider), columns.Of(meters, m => m.Value));
    }

    public static void AddPeriods(NpgsqlBatch batch, IReadOnlyList<KeyValuePair<PeriodKey, PeriodSum>> periods, ColumnLists columns)
    {
        if (periods.Count > 0)
            Add(batch, UpsertPeriods, columns.Of(periods, p => p.Key.Subscription), columns.Of(periods, p => p.Key.PlanVersion), columns.Of(periods, p => p.Key.Meter),
                columns.Of(periods, p => p.Key.PeriodStart), columns.Of(periods, p => p.Value.Organization), columns.Of(periods, p => p.Value.Provider), columns.Of(periods, p => p.Value.Amount));
    }

    private static void AddUsage(NpgsqlBatch batch, string sql, IReadOnlyList<UsageSums> sums, ColumnLists columns)
    {
        if (sums.Count > 0)
            Add(batch, sql, columns.Of(sums, s => s.Key.Time), columns.Of(sums, s => s.Key.Subscription), columns.Of(sums, s => s.Key.Api), columns.Of(sums, s => s.Key.Organization), columns.Of(sums, s => s.Key.Provider),
                columns.Of(sums, s => s.Requests), columns.Of(sums, s => s.Calls), columns.Of(sums, s => s.Refused), columns.Of(sums, s => s.Failed), columns.Of(sums, s => s.Status[5]),
                columns.Of(sums, s => s.Status[2]), columns.Of(sums, s => s.Status[3]), columns.Of(sums, s => s.Status[4]), columns.Of(sums, s => s.Status[5]),
                columns.Of(sums, s => s.BytesIn), columns.Of(sums, s => s.BytesOut), columns.Of(sums, s => s.PackedLatencies));
    }

    private static void Add(NpgsqlBatch batch, string sql, params object[] parameters) => batch.BatchCommands.Add(SliceBatch.Command(sql, parameters));

    private static string UpsertUsage(string table, string time)
    {
        string[] sums = ["requests", "calls", "refused", "failed", "errors", "status_2xx", "status_3xx", "status_4xx", "status_5xx", "bytes_in", "bytes_out"];
        var arrays = string.Join(", ", sums.Select((_, i) => $"${i + 6}::bigint[]"));
        string[] all = [.. sums, "latencies"];
        return $"""
            INSERT INTO metering.{table} AS t ({time}, subscription_id, api_id, organization_id, provider_organization_id, {string.Join(", ", all)})
            SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], {arrays}, $17::text[]::numeric[])
            ON CONFLICT (subscription_id, {time}, api_id, organization_id, provider_organization_id) DO UPDATE
              SET {string.Join(", ", all.Select(s => $"{s} = t.{s} + excluded.{s}"))}
            """;
    }
}
