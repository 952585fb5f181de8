using Npgsql;
using Tollgate.Metering.Usage;

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
    public static void Add(NpgsqlBatch batch, Guid journalId, Rollups rollups, IReadOnlyList<KeyValuePair<(DateTime Hour, Guid Subscription), long>> counters)
    {
        AddUsage(batch, Hourly, rollups.Hours);
        AddUsage(batch, Daily, rollups.Days);
        AddMeters(batch, rollups.Meters);
        AddPeriods(batch, rollups.Periods);
        if (counters.Count > 0)
            Add(batch, UpsertCounters, journalId, Of(counters, c => c.Key.Subscription), Of(counters, c => c.Key.Hour), Of(counters, c => c.Value));
    }

    public static void AddMeters(NpgsqlBatch batch, IReadOnlyList<KeyValuePair<MeterKey, decimal>> meters)
    {
        if (meters.Count > 0)
            Add(batch, UpsertMeters, Of(meters, m => m.Key.Hour), Of(meters, m => m.Key.Subscription), Of(meters, m => m.Key.Meter),
                Of(meters, m => m.Key.Organization), Of(meters, m => m.Key.Provider), Of(meters, m => m.Value));
    }

    public static void AddPeriods(NpgsqlBatch batch, IReadOnlyList<KeyValuePair<PeriodKey, PeriodSum>> periods)
    {
        if (periods.Count > 0)
            Add(batch, UpsertPeriods, Of(periods, p => p.Key.Subscription), Of(periods, p => p.Key.PlanVersion), Of(periods, p => p.Key.Meter),
                Of(periods, p => p.Key.PeriodStart), Of(periods, p => p.Value.Organization), Of(periods, p => p.Value.Provider), Of(periods, p => p.Value.Amount));
    }

    private static void AddUsage(NpgsqlBatch batch, string sql, IReadOnlyList<UsageSums> sums)
    {
        if (sums.Count > 0)
            Add(batch, sql, Of(sums, s => s.Key.Time), Of(sums, s => s.Key.Subscription), Of(sums, s => s.Key.Api), Of(sums, s => s.Key.Organization), Of(sums, s => s.Key.Provider),
                Of(sums, s => s.Requests), Of(sums, s => s.Calls), Of(sums, s => s.Refused), Of(sums, s => s.Failed), Of(sums, s => s.Status[5]),
                Of(sums, s => s.Status[2]), Of(sums, s => s.Status[3]), Of(sums, s => s.Status[4]), Of(sums, s => s.Status[5]),
                Of(sums, s => s.BytesIn), Of(sums, s => s.BytesOut), Of(sums, s => Latency.Pack(s.Latencies.Items())));
    }

    private static void Add(NpgsqlBatch batch, string sql, params object[] parameters) => batch.BatchCommands.Add(SliceBatch.Command(sql, parameters));

    private static TValue[] Of<TItem, TValue>(IReadOnlyList<TItem> items, Func<TItem, TValue> value)
    {
        var values = new TValue[items.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = value(items[i]);
        return values;
    }

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
