using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tollgate.Gateway.Server;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>
/// The client's fields on their way to an upstream. What only the gateway may say, what was meant for the hop to the gateway, and what holds a Tollgate
/// key or a portal cookie is left out; the rest goes on byte for byte. The request's own fields are not changed.
/// </summary>
internal static class RequestFields
{
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create("\r\n\0");

    public static void Write(HeadBuffer head, IHeaderDictionary fields, IReadOnlyCollection<string> replaced)
    {
        var nominated = ClientHeaders.Nominated(fields);
        if (fields is HeaderList list)
            foreach (ref readonly var field in list.All)
                Write(head, field.Key, field.Value, nominated, replaced);
        else
            foreach (var (name, values) in fields)
                Write(head, name, values, nominated, replaced);
    }

    private static void Write(HeadBuffer head, string name, StringValues values, IReadOnlyCollection<string> nominated, IReadOnlyCollection<string> replaced)
    {
        if (IsManaged(name) || ClientHeaders.IsOurs(name) || KeyHeader.Holds(name, values) || Contains(nominated, name) || Contains(replaced, name))
            return;
        if (name.Length == 6 && name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))
            WriteOne(head, name, PortalCookies.Without(values));
        else
            foreach (var value in values)
                WriteOne(head, name, value);
    }

    private static void WriteOne(HeadBuffer head, string name, string? value)
    {
        if (value is null)
            return;
        // The server has seen to it; but a line break here would be a request of the client's making, so it is asked once more.
        if (value.AsSpan().ContainsAny(LineBreaks) || name.AsSpan().ContainsAny(LineBreaks))
            throw new InvalidDataException("A header field has a line break.");
        head.Field(name, value);
    }

    // Written anew for the next hop, or for this hop alone (RFC 9110 7.6.1); a colon begins what HTTP/2 calls a pseudo-header.
    private static bool IsManaged(string name) => name.Length switch
    {
        0 => true,
        2 => Is(name, "TE"),
        4 => Is(name, "Host"),
        6 => Is(name, "Expect"),
        7 => Is(name, "Upgrade") || Is(name, "Trailer") || name[0] == ':',
        10 => Is(name, "Connection") || Is(name, "Keep-Alive") || Is(name, "tracestate") || name[0] == ':',
        11 => Is(name, "traceparent"),
        14 => Is(name, "Content-Length") || Is(name, "HTTP2-Settings"),
        16 => Is(name, "Proxy-Connection") || Is(name, "X-Content-Length"),
        17 => Is(name, "Transfer-Encoding"),
        19 => Is(name, "Proxy-Authorization"),
        _ => name[0] == ':',
    };

    private static bool Is(string name, string managed) => name.Equals(managed, StringComparison.OrdinalIgnoreCase);

    private static bool Contains(IReadOnlyCollection<string> names, string name)
    {
        if (names.Count == 0)
            return false;
        foreach (var one in names)
            if (one.Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }
}
