using System.Runtime.CompilerServices;
using System.Text;

namespace Tollgate.Gateway.Answers;

/// <summary>
/// Strings that come again and again (names and values of header fields), so that each is made once and not for every answer. Direct-mapped and bounded:
/// one that is pushed out is made again. Only what is short is kept. Any number of threads; the worst that a race does is a string too many.
/// </summary>
/// <param name="slots">A power of two.</param>
internal sealed class StringCache(int slots)
{
    private const int UsualSlots = 1024;
    private const int Longest = 128;

    private readonly string?[] _slots = new string?[slots];

    public static StringCache Shared { get; } = new(UsualSlots);

    /// <summary>One character for each byte.</summary>
    [SkipLocalsInit]
    public string Get(ReadOnlySpan<byte> latin1)
    {
        if (latin1.Length is 0 or > Longest)
            return Encoding.Latin1.GetString(latin1);
        Span<char> text = stackalloc char[Longest];
        text = text[..Encoding.Latin1.GetChars(latin1, text)];
        return Get(text);
    }

    public string Get(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > Longest)
            return text.ToString();
        ref var slot = ref _slots[string.GetHashCode(text, StringComparison.Ordinal) & (slots - 1)];
        var known = Volatile.Read(ref slot);
        if (known is not null && text.SequenceEqual(known))
            return known;
        var made = text.ToString();
        Volatile.Write(ref slot, made);
        return made;
    }
}
