namespace Tollgate.Metering.Shipping;

/// <summary>The lists that are given to statements as arrays, a column each: made once, and used again with each batch.</summary>
internal sealed class ColumnLists
{
    private readonly Dictionary<Type, Lists> _types = [];

    /// <summary>All of them may be written over from now on.</summary>
    public void Clear()
    {
        foreach (var lists in _types.Values)
            lists.Used = 0;
    }

    public List<TValue> Of<TItem, TValue>(IReadOnlyList<TItem> items, Func<TItem, TValue> value)
    {
        var column = Next<TValue>();
        for (var i = 0; i < items.Count; i++)
            column.Add(value(items[i]));
        return column;
    }

    private List<TValue> Next<TValue>()
    {
        if (!_types.TryGetValue(typeof(TValue), out var lists))
            _types.Add(typeof(TValue), lists = new Lists());
        if (lists.Used == lists.Made.Count)
            lists.Made.Add(new List<TValue>());
        var next = (List<TValue>)lists.Made[lists.Used++];
        next.Clear();
        return next;
    }

    private sealed class Lists
    {
        public List<object> Made { get; } = [];

        public int Used { get; set; }
    }
}
