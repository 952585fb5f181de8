using Tollgate.Metering.Usage;

namespace Tollgate.Metering.Shipping;

internal readonly record struct UsageKey(DateTime Time, Guid Subscription, Guid Api, Guid Organization, Guid Provider);

internal readonly record struct LatencyKey(UsageKey Usage, short Bucket);

internal readonly record struct MeterKey(DateTime Hour, Guid Subscription, string Meter, Guid Organization, Guid Provider);

internal readonly record struct PeriodKey(Guid Subscription, int PlanVersion, string Meter, DateTime PeriodStart);

internal sealed class UsageSums
{
    public long Requests { get; set; }
    public long Calls { get; set; }
    public long Refused { get; set; }
    public long Failed { get; set; }
    public long[] Status { get; } = new long[6];
    public long BytesIn { get; set; }
    public long BytesOut { get; set; }

    public void Add(UsageSums other)
    {
        Requests += other.Requests;
        Calls += other.Calls;
        Refused += other.Refused;
        Failed += other.Failed;
        for (var i = 0; i < Status.Length; i++)
            Status[i] += other.Status[i];
        checked
        {
            BytesIn += other.BytesIn;
            BytesOut += other.BytesOut;
        }
    }
}

internal sealed class PeriodSum(Guid organization, Guid provider)
{
    public Guid Organization { get; } = organization;
    public Guid Provider { get; } = provider;
    public decimal Amount { get; set; }
}

/// <summary>What a batch adds to each rollup, summed here so that the database gets one row a key. `metering.aggregate_hourly_usage` is the same in SQL.</summary>
internal sealed class Rollups
{
    public Dictionary<UsageKey, UsageSums> Hours { get; } = [];
    public Dictionary<UsageKey, UsageSums> Days { get; } = [];
    public Dictionary<LatencyKey, long> HourLatencies { get; } = [];
    public Dictionary<LatencyKey, long> DayLatencies { get; } = [];
    public Dictionary<MeterKey, decimal> Meters { get; } = [];
    public Dictionary<PeriodKey, PeriodSum> Periods { get; } = [];

    /// <exception cref="OverflowException">A sum is larger than the column.</exception>
    public static Rollups Of(IReadOnlyList<LogRow> rows)
    {
        var rollups = new Rollups();
        foreach (var row in rows)
            rollups.Add(row);
        foreach (var (key, sums) in rollups.Hours)
            Get(rollups.Days, OfDay(key)).Add(sums);
        foreach (var (key, count) in rollups.HourLatencies)
        {
            var day = key with { Usage = OfDay(key.Usage) };
            rollups.DayLatencies[day] = rollups.DayLatencies.GetValueOrDefault(day) + count;
        }
        return rollups;
    }

    private void Add(LogRow row)
    {
        var usage = row.Event;
        var key = new UsageKey(row.Hour, usage.SubscriptionId, usage.ApiId, usage.OrganizationId, usage.ProviderOrganizationId);
        var sums = Get(Hours, key);
        sums.Calls++;
        sums.Requests += usage.Billable ? 1 : 0;
        sums.Refused += usage.Outcome == UsageOutcome.Refused ? 1 : 0;
        sums.Failed += usage.Outcome == UsageOutcome.UpstreamFailed ? 1 : 0;
        if (usage.Status / 100 is >= 2 and <= 5 and var statusClass)
            sums.Status[statusClass]++;
        checked
        {
            sums.BytesIn += usage.BytesIn;
            sums.BytesOut += usage.BytesOut;
        }
        if (usage.Outcome == UsageOutcome.Served)
        {
            var latency = new LatencyKey(key, Latency.Bucket(row.DurationMicros));
            HourLatencies[latency] = HourLatencies.GetValueOrDefault(latency) + 1;
        }
        row.ForEachAmount((meter, amount) => AddAmount(row, meter, amount));
    }

    private void AddAmount(LogRow row, string meter, long amount)
    {
        var usage = row.Event;
        var hour = new MeterKey(row.Hour, usage.SubscriptionId, meter, usage.OrganizationId, usage.ProviderOrganizationId);
        Meters[hour] = Meters.GetValueOrDefault(hour) + amount;
        var key = new PeriodKey(usage.SubscriptionId, usage.PlanVersion, meter, row.PeriodStart);
        if (!Periods.TryGetValue(key, out var period))
            Periods[key] = period = new PeriodSum(usage.OrganizationId, usage.ProviderOrganizationId);
        period.Amount += amount;
    }

    private static UsageKey OfDay(UsageKey key) => key with { Time = key.Time.Date };

    private static UsageSums Get(Dictionary<UsageKey, UsageSums> map, UsageKey key)
    {
        if (!map.TryGetValue(key, out var sums))
            map[key] = sums = new UsageSums();
        return sums;
    }
}
