using System.Numerics;

namespace Tollgate.Metering.Shipping;

/// <summary>Sums by keys of which there are few: a short list is searched sooner than a table, and takes less room.</summary>
internal sealed class FewSums<TKey, TValue>
    where TKey : IEquatable<TKey>
    where TValue : struct, IAdditionOperators<TValue, TValue, TValue>
{
    private TKey[] _keys = new TKey[4];
    private TValue[] _values = new TValue[4];

    public int Count { get; private set; }

    public void Add(TKey key, TValue value)
    {
        var at = _keys.AsSpan(0, Count).IndexOf(key);
        if (at >= 0)
        {
            _values[at] += value;
            return;
        }
        if (Count == _keys.Length)
        {
            Array.Resize(ref _keys, Count * 2);
            Array.Resize(ref _values, Count * 2);
        }
        (_keys[Count], _values[Count]) = (key, value);
        Count++;
    }

    public void Add(FewSums<TKey, TValue> other)
    {
        foreach (var (key, value) in other.Items())
            Add(key, value);
    }

    public IEnumerable<KeyValuePair<TKey, TValue>> Items()
    {
        for (var i = 0; i < Count; i++)
            yield return KeyValuePair.Create(_keys[i], _values[i]);
    }
}
