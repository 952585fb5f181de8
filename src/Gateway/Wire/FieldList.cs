namespace Tollgate.Gateway.Wire;

/// <summary>A header field, as places relative to the start of the head.</summary>
internal readonly record struct Field(int NameStart, int NameLength, int ValueStart, int ValueLength)
{
    public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> head) => head.Slice(NameStart, NameLength);

    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> head) => head.Slice(ValueStart, ValueLength);
}

/// <summary>The fields of one head, in their order; used again for the next.</summary>
/// <param name="most">It takes no more than so many.</param>
internal sealed class FieldList(int most)
{
    private Field[] _fields = new Field[32];

    public int Count { get; private set; }

    public ReadOnlySpan<Field> All => _fields.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public bool TryAdd(Field field)
    {
        if (Count == most)
            return false;
        if (Count == _fields.Length)
            Array.Resize(ref _fields, Count * 2);
        _fields[Count++] = field;
        return true;
    }
}
