namespace Tollgate.Gateway.Wire;

/// <summary>
/// The chunked coding (RFC 9112 7.1), read strictly: sizes are hexadecimal digits alone, lines end with CR LF. Extensions are read past.
/// </summary>
/// <param name="malformed">Makes what is thrown when it is not chunked.</param>
internal struct ChunkReader(Malformed malformed)
{
    private const int LongestLine = 4096;

    private long _left;
    private Part _part;

    private enum Part
    {
        Size,
        Data,
        DataEnd,
        Trailers,
    }

    /// <summary>The last chunk has been read; what follows are trailer fields up to an empty line, which is another's to read.</summary>
    public readonly bool AtTrailers => _part == Part.Trailers;

    /// <summary>The next piece of data in what was received; empty when more must come first, or at the trailers.</summary>
    /// <param name="received">From the place where the last call ended.</param>
    /// <param name="used">So many bytes are done with, the piece included.</param>
    public ReadOnlySpan<byte> Next(ReadOnlySpan<byte> received, out int used)
    {
        used = 0;
        while (true)
        {
            var rest = received[used..];
            switch (_part)
            {
                case Part.Size:
                    var line = rest.IndexOf((byte)'\n');
                    if (line < 0 && rest.Length < LongestLine)
                        return default;
                    _left = SizeOf(rest, line);
                    used += line + 1;
                    _part = _left == 0 ? Part.Trailers : Part.Data;
                    break;
                case Part.Data:
                    var data = rest[..(int)Math.Min(rest.Length, _left)];
                    used += data.Length;
                    _left -= data.Length;
                    if (_left == 0)
                        _part = Part.DataEnd;
                    return data;
                case Part.DataEnd:
                    if (rest.Length < 2)
                        return default;
                    if (!rest.StartsWith("\r\n"u8))
                        throw malformed("a chunk that is longer than its size says");
                    used += 2;
                    _part = Part.Size;
                    break;
                default:
                    return default;
            }
        }
    }

    private readonly long SizeOf(ReadOnlySpan<byte> rest, int line)
    {
        if (line < 1 || rest[line - 1] != '\r')
            throw malformed("a chunk's size without an end");
        var text = rest[..(line - 1)];
        var digits = text.IndexOfAny((byte)';', (byte)' ', (byte)'\t') is >= 0 and var end ? end : text.Length;
        if (digits is 0 or > 15)
            throw malformed("a chunk's size that is no number");
        var extension = text[digits..].TrimStart(" \t"u8);
        if ((extension.IsEmpty && digits < text.Length) || (!extension.IsEmpty && extension[0] != ';') || extension.ContainsAny(FieldParser.Forbidden))
            throw malformed("a chunk's size with something behind it");
        long size = 0;
        foreach (var digit in text[..digits])
            size = (size << 4) | (char.IsAsciiHexDigit((char)digit)
                ? (uint)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10)
                : throw malformed("a chunk's size that is no number"));
        return size;
    }
}
