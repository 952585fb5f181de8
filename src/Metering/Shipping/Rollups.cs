using System.Runtime.InteropServices;

namespace Tollgate.Metering.Shipping;

internal readonly record struct MeterKey(Guid Subscription, string Meter, DateTime Hour, Guid Organization, Guid Provider);

internal readonly record struct PeriodKey(Guid Subscription, DateTime PeriodStart, int PlanVersion, string Meter);

internal readonly record struct PeriodSum(Guid Organization, Guid Provider, decimal Amount);

/// <summary>
/// What a batch adds to each rollup, summed here so that the database gets one row a key, and in the order of the keys: two shippers that write the same rows
/// never wait for each other in a circle. `metering.aggregate_hourly_usage` is the same in SQL. Filled again with each batch.
/// </summary>
internal sealed class Rollups
{
    private readonly Dictionary<UsageKey, UsageSums> _hours = [];
    private readonly Dictionary<UsageKey, UsageSums> _days = [];
    private readonly Dictionary<MeterKey, decimal> _meters = [];
    private readonly Dictionary<PeriodKey, PeriodSum> _periods = [];
    private readonly List<UsageSums> _made = [];
    private int _used;

    public List<UsageSums> Hours { get; } = [];

    public List<UsageSums> Days { get; } = [];

    public List<KeyValuePair<MeterKey, decimal>> Meters { get; } = [];

    public List<KeyValuePair<PeriodKey, PeriodSum>> Periods { get; } = [];

    /// <exception cref="OverflowException">A sum is larger than the column.</exception>
    public void Fill(List<LogRow> rows)
    {
        Clear();
        foreach (ref readonly var row in CollectionsMarshal.AsSpan(rows))
        {
            ref readonly var usage = ref row.Event;
            Get(_hours, new UsageKey(row.Hour, usage.SubscriptionId, usage.ApiId, usage.OrganizationId, usage.ProviderOrganizationId)).Add(row);
        }
        foreach (var hour in _hours.Values)
        {
            Get(_days, hour.Key with { Time = hour.Key.Time.Date }).Add(hour);
            AddAmounts(hour);
        }
        Hours.AddRange(_hours.Values);
        Hours.Sort(ByKey);
        Days.AddRange(_days.Values);
        Days.Sort(ByKey);
        Meters.AddRange(_meters);
        Meters.Sort(ByKey);
        Periods.AddRange(_periods);
        Periods.Sort(ByKey);
    }

    public static List<KeyValuePair<MeterKey, decimal>> InKeyOrder(IEnumerable<KeyValuePair<MeterKey, decimal>> meters)
    {
        List<KeyValuePair<MeterKey, decimal>> sorted = [.. meters];
        sorted.Sort(ByKey);
        return sorted;
    }

    public static List<KeyValuePair<PeriodKey, PeriodSum>> InKeyOrder(IEnumerable<KeyValuePair<PeriodKey, PeriodSum>> periods)
    {
        List<KeyValuePair<PeriodKey, PeriodSum>> sorted = [.. periods];
        sorted.Sort(ByKey);
        return sorted;
    }

    private void Clear()
    {
        _hours.Clear();
        _days.Clear();
        _meters.Clear();
        _periods.Clear();
        Hours.Clear();
        Days.Clear();
        Meters.Clear();
        Periods.Clear();
        _used = 0;
    }

    private void AddAmounts(UsageSums hour)
    {
        var of = hour.Key;
        foreach (var (key, amount) in hour.Amounts.Items)
        {
            var meter = LogRow.Name(key.Meter);
            CollectionsMarshal.GetValueRefOrAddDefault(_meters, new MeterKey(of.Subscription, meter, of.Time, of.Organization, of.Provider), out _) += amount;
            ref var period = ref CollectionsMarshal.GetValueRefOrAddDefault(_periods, new PeriodKey(of.Subscription, key.PeriodStart, key.PlanVersion, meter), out var isKnown);
            period = isKnown ? period with { Amount = period.Amount + amount } : new PeriodSum(of.Organization, of.Provider, amount);
        }
    }

    private UsageSums Get(Dictionary<UsageKey, UsageSums> map, UsageKey key)
    {
        ref var sums = ref CollectionsMarshal.GetValueRefOrAddDefault(map, key, out var isKnown);
        if (isKnown)
            return sums!;
        if (_used == _made.Count)
            _made.Add(new UsageSums());
        sums = _made[_used++];
        sums.Begin(key);
        return sums;
    }

    private static int ByKey(UsageSums left, UsageSums right) => left.Key.CompareTo(right.Key);

    private static int ByKey(KeyValuePair<MeterKey, decimal> left, KeyValuePair<MeterKey, decimal> right)
    {
        var (one, other) = (left.Key, right.Key);
        var order = one.Subscription.CompareTo(other.Subscription);
        if (order == 0)
            order = string.CompareOrdinal(one.Meter, other.Meter);
        if (order == 0)
            order = one.Hour.CompareTo(other.Hour);
        if (order == 0)
            order = one.Organization.CompareTo(other.Organization);
        return order != 0 ? order : one.Provider.CompareTo(other.Provider);
    }

    private static int ByKey(KeyValuePair<PeriodKey, PeriodSum> left, KeyValuePair<PeriodKey, PeriodSum> right)
    {
        var (one, other) = (left.Key, right.Key);
        var order = one.Subscription.CompareTo(other.Subscription);
        if (order == 0)
            order = one.PeriodStart.CompareTo(other.PeriodStart);
        if (order == 0)
            order = one.PlanVersion.CompareTo(other.PlanVersion);
        return order != 0 ? order : string.CompareOrdinal(one.Meter, other.Meter);
    }
}
