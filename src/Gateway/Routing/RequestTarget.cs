namespace Tollgate.Gateway.Routing;

/// <summary>
/// A request target as it came over the wire, split by position and never decoded or normalised: what is checked, routed, matched and sent on are the
/// same characters. The server refuses targets that are not ASCII.
/// </summary>
internal readonly ref struct RequestTarget
{
    private RequestTarget(ReadOnlySpan<char> path, ReadOnlySpan<char> pathAndQuery)
    {
        Path = path;
        PathAndQuery = pathAndQuery;
    }

    /// <summary>From the first slash up to the query.</summary>
    public ReadOnlySpan<char> Path { get; }

    public ReadOnlySpan<char> PathAndQuery { get; }

    /// <summary>
    /// False for a target without a path (<c>*</c>, authority form), with a space, a control character or a fragment, a NUL, a backslash or a dot segment, literal or percent-encoded.
    /// Upstreams disagree on whether %2F, \ or ;parameters end a segment, so a dot segment counts under any of these readings.
    /// </summary>
    public static bool TryParse(string raw, out RequestTarget target)
    {
        var text = raw.AsSpan();
        if (text.Length > 0 && text[0] != '/')
            text = AfterAuthority(text);
        var end = text.IndexOf('?');
        var path = end < 0 ? text : text[..end];
        target = new RequestTarget(path, text);
        // What HTTP/2 frames could carry here would end the request line of an upstream that is spoken to in HTTP/1.1.
        return path.Length > 0 && !text.ContainsAnyExceptInRange('!', '~') && text.IndexOf('#') < 0 && IsClean(path);
    }

    // Absolute form; the server has already refused one whose authority differs from Host.
    private static ReadOnlySpan<char> AfterAuthority(ReadOnlySpan<char> text)
    {
        var scheme = text.IndexOf("://");
        if (scheme < 0)
            return default;
        var rest = text[(scheme + 3)..];
        var slash = rest.IndexOf('/');
        return slash < 0 ? default : rest[slash..];
    }

    private static bool IsClean(ReadOnlySpan<char> path)
    {
        // Almost every path leaves here: nothing below can be wrong without one of these.
        if (path.IndexOfAny('%', '\\', '\0') < 0 && path.IndexOf("/.") < 0)
            return true;
        var dots = 0;
        var others = false;
        for (var i = 1; i < path.Length; i++)
        {
            var c = path[i];
            if (c == '%' && i + 2 < path.Length && char.IsAsciiHexDigit(path[i + 1]) && char.IsAsciiHexDigit(path[i + 2]))
            {
                c = (char)((HexValue(path[i + 1]) << 4) | HexValue(path[i + 2]));
                i += 2;
            }
            switch (c)
            {
                case '\0':
                    return false;
                case '/' or '\\' or ';':
                    if (IsDotSegment(dots, others))
                        return false;
                    dots = 0;
                    // What follows a semicolon is a parameter of the segment that was just judged.
                    others = c == ';';
                    break;
                case '.':
                    dots++;
                    break;
                default:
                    others = true;
                    break;
            }
        }
        return path.IndexOf('\\') < 0 && !IsDotSegment(dots, others);
    }

    private static bool IsDotSegment(int dots, bool others) => !others && dots is 1 or 2;

    private static int HexValue(char c) => char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}
