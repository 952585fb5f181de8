using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Shipping;

/// <summary>The billable events that a slice's totals records add to the gateway counters, by hour and subscription. Filled again with each slice.</summary>
internal sealed class CounterSums
{
    private readonly Dictionary<(DateTime Hour, Guid Subscription), long> _sums = [];
    private readonly List<KeyValuePair<(DateTime Hour, Guid Subscription), long>> _inOrder = [];

    /// <summary>In the order of the keys: two shippers that write the same rows never wait for each other in a circle.</summary>
    public IReadOnlyList<KeyValuePair<(DateTime Hour, Guid Subscription), long>> InOrder()
    {
        _inOrder.Clear();
        _inOrder.AddRange(_sums);
        _inOrder.Sort(static (one, other) => one.Key.CompareTo(other.Key));
        return _inOrder;
    }

    public void Clear() => _sums.Clear();

    /// <exception cref="ArgumentException">The hour is none that a date can be.</exception>
    /// <exception cref="OverflowException">The hour or the sum is larger than its type.</exception>
    public void Add(JournalTotal total)
    {
        var key = (DateTime.UnixEpoch.AddTicks(checked(total.HourSeconds * TimeSpan.TicksPerSecond)), total.SubscriptionId);
        _sums[key] = checked(_sums.GetValueOrDefault(key) + total.Billable);
    }
}
