using System.Runtime.InteropServices;

namespace Tollgate.Metering.Shipping;

internal readonly record struct MeterKey(Guid Subscription, string Meter, DateTime Hour, Guid Organization, Guid Provider);

internal readonly record struct PeriodKey(Guid Subscription, DateTime PeriodStart, int PlanVersion, string Meter);

internal sealed record PeriodSum(Guid Organization, Guid Provider, decimal Amount);

/// <summary>
/// What a batch adds to each rollup, summed here so that the database gets one row a key, and in the order of the keys: two shippers that write the same rows
/// never wait for each other in a circle. `metering.aggregate_hourly_usage` is the same in SQL.
/// </summary>
internal sealed class Rollups
{
    private Rollups(IReadOnlyCollection<UsageSums> hours)
    {
        var days = new Dictionary<UsageKey, UsageSums>();
        var meters = new Dictionary<MeterKey, decimal>();
        var periods = new Dictionary<PeriodKey, PeriodSum>();
        foreach (var hour in hours)
        {
            Get(days, hour.Key with { Time = hour.Key.Time.Date }).Add(hour);
            AddAmounts(hour, meters, periods);
        }
        Hours = [.. hours.OrderBy(h => h.Key)];
        Days = [.. days.Values.OrderBy(d => d.Key)];
        Meters = InKeyOrder(meters);
        Periods = InKeyOrder(periods);
    }

    public IReadOnlyList<UsageSums> Hours { get; }

    public IReadOnlyList<UsageSums> Days { get; }

    public IReadOnlyList<KeyValuePair<MeterKey, decimal>> Meters { get; }

    public IReadOnlyList<KeyValuePair<PeriodKey, PeriodSum>> Periods { get; }

    /// <exception cref="OverflowException">A sum is larger than the column.</exception>
    public static Rollups Of(List<LogRow> rows)
    {
        var hours = new Dictionary<UsageKey, UsageSums>();
        foreach (ref readonly var row in CollectionsMarshal.AsSpan(rows))
        {
            ref readonly var usage = ref row.Event;
            Get(hours, new UsageKey(row.Hour, usage.SubscriptionId, usage.ApiId, usage.OrganizationId, usage.ProviderOrganizationId)).Add(row);
        }
        return new Rollups(hours.Values);
    }

    public static IReadOnlyList<KeyValuePair<MeterKey, decimal>> InKeyOrder(IEnumerable<KeyValuePair<MeterKey, decimal>> meters) =>
        [.. meters.OrderBy(m => m.Key.Subscription).ThenBy(m => m.Key.Meter, StringComparer.Ordinal).ThenBy(m => m.Key.Hour).ThenBy(m => m.Key.Organization).ThenBy(m => m.Key.Provider)];

    public static IReadOnlyList<KeyValuePair<PeriodKey, PeriodSum>> InKeyOrder(IEnumerable<KeyValuePair<PeriodKey, PeriodSum>> periods) =>
        [.. periods.OrderBy(p => p.Key.Subscription).ThenBy(p => p.Key.PeriodStart).ThenBy(p => p.Key.PlanVersion).ThenBy(p => p.Key.Meter, StringComparer.Ordinal)];

    private static void AddAmounts(UsageSums hour, Dictionary<MeterKey, decimal> meters, Dictionary<PeriodKey, PeriodSum> periods)
    {
        var of = hour.Key;
        foreach (var (key, amount) in hour.Amounts.Items())
        {
            var meter = LogRow.Name(key.Meter);
            CollectionsMarshal.GetValueRefOrAddDefault(meters, new MeterKey(of.Subscription, meter, of.Time, of.Organization, of.Provider), out _) += amount;
            ref var period = ref CollectionsMarshal.GetValueRefOrAddDefault(periods, new PeriodKey(of.Subscription, key.PeriodStart, key.PlanVersion, meter), out _);
            period = period is null ? new PeriodSum(of.Organization, of.Provider, amount) : period with { Amount = period.Amount + amount };
        }
    }

    private static UsageSums Get(Dictionary<UsageKey, UsageSums> map, UsageKey key) =>
        CollectionsMarshal.GetValueRefOrAddDefault(map, key, out _) ??= new UsageSums(key);
}
