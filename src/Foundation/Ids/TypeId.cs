namespace Tollgate.Foundation;

/// <summary>
/// Ids as the outside sees them: a type prefix, an underscore and a UUIDv7 in 26 characters of lower-case Crockford base32
/// (the TypeID specification 0.3). Inside, and in the database, an id is the bare UUID.
/// </summary>
public static class TypeId
{
    private const int Digits = 26;

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
        Span<byte> digits = stackalloc byte[Digits];
        Write(id, digits);
        Span<char> text = stackalloc char[Digits];
        for (var i = 0; i < Digits; i++)
            text[i] = (char)digits[i];
        return string.Concat(prefix, "_", text);
    }

    /// <summary>The same as ASCII bytes, without a string. Answers their number; the room needed is that of the prefix and 27.</summary>
    public static int Format(ReadOnlySpan<byte> prefix, Guid id, Span<byte> ascii)
    {
        prefix.CopyTo(ascii);
        ascii[prefix.Length] = (byte)'_';
        Write(id, ascii.Slice(prefix.Length + 1, Digits));
        return prefix.Length + 1 + Digits;
    }

    private static void Write(Guid id, Span<byte> digits)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var high = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
        var low = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        // 128 bits in 26 digits of five, from the right: twelve lie in the low word alone, one in both, thirteen in the high word.
        for (var i = Digits - 1; i > 13; i--, low >>= 5)
            digits[i] = (byte)Alphabet[(int)(low & 31)];
        digits[13] = (byte)Alphabet[(int)((low | (high << 4)) & 31)];
        high >>= 1;
        for (var i = 12; i >= 0; i--, high >>= 5)
            digits[i] = (byte)Alphabet[(int)(high & 31)];
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
