using System.Buffers;

namespace Tollgate.Gateway.Wire;

/// <summary>
/// Header and trailer fields as RFC 9112 5 has them, read strictly: a name is a token directly before its colon, lines end with CR LF, a value has no
/// control character but the tab, and folded lines are refused. What a lenient reader would guess about is where answers get mixed up.
/// </summary>
internal static class FieldParser
{
    public static readonly SearchValues<byte> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    public static readonly SearchValues<byte> Forbidden = SearchValues.Create(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 127]);

    /// <summary>Reads lines up to and with the empty one.</summary>
    /// <param name="block">From <paramref name="at"/> on, complete: it is known to hold the empty line.</param>
    /// <param name="at">Where the first line starts.</param>
    /// <param name="fields">Gets the fields, with places in <paramref name="block"/>.</param>
    /// <param name="malformed">Makes what is thrown when a line is no field.</param>
    /// <returns>False when there are more than the list takes.</returns>
    public static bool TryParse(ReadOnlySpan<byte> block, int at, FieldList fields, Malformed malformed)
    {
        while (true)
        {
            var length = block[at..].IndexOf("\r\n"u8);
            if (length == 0)
                return true;
            if (length < 0)
                throw malformed("header fields without an end");
            if (!fields.TryAdd(Line(block.Slice(at, length), at, malformed)))
                return false;
            at += length + 2;
        }
    }

    private static Field Line(ReadOnlySpan<byte> line, int at, Malformed malformed)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(Token))
            throw malformed("a header line without a name");
        var (start, end) = (colon + 1, line.Length);
        while (start < end && line[start] is (byte)' ' or (byte)'\t')
            start++;
        while (end > start && line[end - 1] is (byte)' ' or (byte)'\t')
            end--;
        if (line[start..end].ContainsAny(Forbidden))
            throw malformed("a header value with a control character");
        return new Field(at, colon, at + start, end - start);
    }
}
