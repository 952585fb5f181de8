using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>How the body of an answer ends.</summary>
internal enum BodyEnd
{
    None,
    Length,
    Chunks,
    Close,
}

/// <summary>The head of an upstream's answer: status, and how its body is framed (RFC 9112 6.3).</summary>
internal readonly record struct AnswerHead(int Status, BodyEnd BodyEnd, long Length, long? StatedLength, bool KeepsAlive)
{
    /// <summary>A head may be so long, with its status line.</summary>
    public const int MostBytes = 64 * 1024;

    public bool IsInformational => Status is >= 100 and < 200 and not 101;

    /// <summary>Length of the head that stands at the start of what was received, 0 when it is not all there yet.</summary>
    public static int Find(ReadOnlySpan<byte> received) => received.IndexOf("\r\n\r\n"u8) is >= 0 and var end ? end + 4 : 0;

    /// <param name="head">The whole head.</param>
    /// <param name="isHead">The request's method was HEAD.</param>
    /// <param name="fields">Gets the fields.</param>
    /// <exception cref="UpstreamException">It is not HTTP/1.1.</exception>
    public static AnswerHead Parse(ReadOnlySpan<byte> head, bool isHead, FieldList fields)
    {
        var (status, minor) = StatusLine(head);
        fields.Clear();
        if (!FieldParser.TryParse(head, head.IndexOf("\r\n"u8) + 2, fields, UpstreamException.Malformed))
            throw UpstreamException.TooManyFields;
        long? length = null;
        var (chunked, close, keepAlive) = (false, minor == 0, false);
        foreach (ref readonly var field in fields.All)
        {
            var name = field.Name(head);
            var value = field.Value(head);
            switch (name.Length)
            {
                case 14 when Is(name, "content-length"u8):
                    length = LengthOf(value, length);
                    break;
                case 17 when Is(name, "transfer-encoding"u8):
                    // Nothing else was offered by TE, so nothing else may come; and it comes once.
                    chunked = !chunked && Is(value, "chunked"u8) ? true : throw new UpstreamException("The upstream sent a transfer coding that was not offered.");
                    break;
                case 10 when Is(name, "connection"u8):
                    close |= FieldValue.Lists(value, "close"u8);
                    keepAlive |= FieldValue.Lists(value, "keep-alive"u8);
                    break;
            }
        }
        if (minor == 0 && keepAlive)
            close = false;
        return Frame(status, isHead, length, chunked, !close);
    }

    private static AnswerHead Frame(int status, bool isHead, long? length, bool chunked, bool keepsAlive)
    {
        if (isHead || status is < 200 or 304)
            return new AnswerHead(status, BodyEnd.None, 0, length, keepsAlive);
        // These have no body. An upstream that announces one may send it, and then it must not stand before the next answer.
        if (status is 204 or 205)
            return new AnswerHead(status, BodyEnd.None, 0, null, keepsAlive && !chunked && length.GetValueOrDefault() == 0);
        // Both: the chunks count, and who knows what else the upstream got wrong.
        if (chunked)
            return new AnswerHead(status, BodyEnd.Chunks, 0, null, keepsAlive && length is null);
        return length is { } known
            ? new AnswerHead(status, known == 0 ? BodyEnd.None : BodyEnd.Length, known, known, keepsAlive)
            : new AnswerHead(status, BodyEnd.Close, 0, null, KeepsAlive: false);
    }

    private static (int Status, int Minor) StatusLine(ReadOnlySpan<byte> head)
    {
        // "HTTP/1.1 200 " with any reason, or none.
        if (head.Length < 12 || !head.StartsWith("HTTP/1."u8) || head[7] is not ((byte)'0' or (byte)'1') || head[8] != ' '
            || !Digit(head[9], out var hundreds) || !Digit(head[10], out var tens) || !Digit(head[11], out var ones) || hundreds == 0 || head[12] is not ((byte)' ' or (byte)'\r'))
            throw new UpstreamException("What the upstream sent is not HTTP/1.1.");
        return ((hundreds * 100) + (tens * 10) + ones, head[7] - '0');
    }

    private static bool Digit(byte character, out int value)
    {
        value = character - '0';
        return value is >= 0 and <= 9;
    }

    // RFC 9112 6.3: a list of equal lengths counts as one; different ones cannot be recovered from.
    private static long LengthOf(ReadOnlySpan<byte> value, long? before)
    {
        foreach (var part in value.Split((byte)','))
        {
            var text = value[part].Trim(" \t"u8);
            if (text.IsEmpty || text.Length > 18 || text.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
                throw new UpstreamException("The upstream sent a Content-Length that is no number.");
            long number = 0;
            foreach (var digit in text)
                number = (number * 10) + digit - '0';
            if (before is { } other && other != number)
                throw new UpstreamException("The upstream sent two different lengths.");
            before = number;
        }
        return before ?? throw new UpstreamException("The upstream sent an empty Content-Length.");
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) => System.Text.Ascii.EqualsIgnoreCase(text, lower);
}
