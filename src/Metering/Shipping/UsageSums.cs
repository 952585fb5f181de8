using Tollgate.Metering.Usage;

namespace Tollgate.Metering.Shipping;

/// <summary>What a rollup's row of an hour or a day is for.</summary>
internal readonly record struct UsageKey(DateTime Time, Guid Subscription, Guid Api, Guid Organization, Guid Provider) : IComparable<UsageKey>
{
    // A subscription belongs to one organization and one provider: they tell no more keys apart.
    public override int GetHashCode() => HashCode.Combine(Subscription, Time, Api);

    /// <summary>The order of the tables' primary keys.</summary>
    public int CompareTo(UsageKey other)
    {
        var order = Subscription.CompareTo(other.Subscription);
        if (order == 0)
            order = Time.CompareTo(other.Time);
        if (order == 0)
            order = Api.CompareTo(other.Api);
        if (order == 0)
            order = Organization.CompareTo(other.Organization);
        return order != 0 ? order : Provider.CompareTo(other.Provider);
    }
}

/// <summary>A meter's amount belongs to the plan version and period that admission stamped.</summary>
internal readonly record struct AmountKey(short Meter, int PlanVersion, DateTime PeriodStart);

/// <summary>The sums of one key. Used again for another one with the next batch.</summary>
internal sealed class UsageSums
{
    private string? _packed;

    public UsageKey Key { get; private set; }
    public long Requests { get; private set; }
    public long Calls { get; private set; }
    public long Refused { get; private set; }
    public long Failed { get; private set; }
    public long[] Status { get; } = new long[6];
    public long BytesIn { get; private set; }
    public long BytesOut { get; private set; }

    /// <summary>Served calls by <see cref="Latency.Bucket"/>.</summary>
    public FewSums<short, long> Latencies { get; } = new();

    /// <summary>Of billable events only.</summary>
    public FewSums<AmountKey, decimal> Amounts { get; } = new();

    /// <summary><see cref="Latencies"/> as one number.</summary>
    public string PackedLatencies => _packed ??= Latency.Pack(Latencies.Items);

    public void Begin(UsageKey key)
    {
        (Key, _packed) = (key, null);
        (Requests, Calls, Refused, Failed, BytesIn, BytesOut) = (0, 0, 0, 0, 0, 0);
        Status.AsSpan().Clear();
        Latencies.Clear();
        Amounts.Clear();
    }

    /// <exception cref="OverflowException">A sum is larger than the column.</exception>
    public void Add(in LogRow row)
    {
        ref readonly var usage = ref row.Event;
        _packed = null;
        Calls++;
        Requests += usage.Billable ? 1 : 0;
        Refused += usage.Outcome == UsageOutcome.Refused ? 1 : 0;
        Failed += usage.Outcome == UsageOutcome.UpstreamFailed ? 1 : 0;
        if (usage.Status / 100 is >= 2 and <= 5 and var statusClass)
            Status[statusClass]++;
        checked
        {
            BytesIn += usage.BytesIn;
            BytesOut += usage.BytesOut;
        }
        if (usage.Outcome == UsageOutcome.Served)
            Latencies.Add(Latency.Bucket(row.DurationMicros), 1);
        if (usage.Billable)
            AddAmounts(row);
    }

    /// <summary>Adds the sums of an hour to those of its day.</summary>
    public void Add(UsageSums other)
    {
        // The same number, where a batch has one hour of the day.
        _packed = Calls == 0 ? other.PackedLatencies : null;
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
        Latencies.Add(other.Latencies);
    }

    // Every billable event is a request: one that carries no amounts counts as one.
    private void AddAmounts(in LogRow row)
    {
        var (version, period) = (row.Event.PlanVersion, row.PeriodStart);
        if (row.Meters is null)
            Amounts.Add(new AmountKey(Meter.Requests.Code, version, period), 1);
        else
            for (var i = 0; i < row.Meters.Length; i++)
                Amounts.Add(new AmountKey(row.Meters[i], version, period), row.Amounts![i]);
    }
}
