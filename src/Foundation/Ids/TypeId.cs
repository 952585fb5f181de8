namespace Tollgate.Foundation;

/// <summary>
/// Ids as the outside sees them: a type prefix, an underscore and a UUIDv7 in 26 characters of lower-case Crockford base32
/// (the TypeID specification 0.3). Inside, and in the database, an id is the bare UUID.
/// </summary>
public static class TypeId
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>A new UUIDv7 that sorts by the clock's time.</summary>
    public static Guid New(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return Guid.CreateVersion7(clock.GetUtcNow());
    }

    public static string Format(string prefix, Guid id)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var high = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
        var low = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        var value = new UInt128(high, low);
        Span<char> text = stackalloc char[26];
        for (var i = 25; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(value & 31)];
            value >>= 5;
        }
        return string.Concat(prefix, "_", text);
    }

    /// <summary>False for another prefix, another length, a character outside the alphabet or more than 128 bits.</summary>
    public static bool TryParse(string? text, string prefix, out Guid id)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        id = Guid.Empty;
        if (text is null || text.Length != prefix.Length + 27 || text[prefix.Length] != '_' || !text.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        UInt128 value = 0;
        var digits = text.AsSpan(prefix.Length + 1);
        if (digits[0] > '7')
            return false;
        foreach (var c in digits)
        {
            var digit = Alphabet.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
                return false;
            value = (value << 5) | (uint)digit;
        }
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, (ulong)(value >> 64));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], (ulong)value);
        id = new Guid(bytes, bigEndian: true);
        return true;
    }
}
