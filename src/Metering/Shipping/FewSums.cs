using System.Numerics;

namespace Tollgate.Metering.Shipping;

/// <summary>Sums by keys of which there are few: a short list is searched sooner than a table, and takes less room.</summary>
internal sealed class FewSums<TKey, TValue>
    where TKey : IEquatable<TKey>
    where TValue : struct, IAdditionOperators<TValue, TValue, TValue>
{
    private KeyValuePair<TKey, TValue>[] _items = new KeyValuePair<TKey, TValue>[4];
    private int _count;

    public ReadOnlySpan<KeyValuePair<TKey, TValue>> Items => _items.AsSpan(0, _count);

    public void Clear() => _count = 0;

    public void Add(TKey key, TValue value)
    {
        foreach (ref var item in _items.AsSpan(0, _count))
            if (item.Key.Equals(key))
            {
                item = KeyValuePair.Create(key, item.Value + value);
                return;
            }
        if (_count == _items.Length)
            Array.Resize(ref _items, _count * 2);
        _items[_count++] = KeyValuePair.Create(key, value);
    }

    public void Add(FewSums<TKey, TValue> other)
    {
        foreach (var (key, value) in other.Items)
            Add(key, value);
    }
}
