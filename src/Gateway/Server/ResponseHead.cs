using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Server;

/// <summary>The lines of an answer's head that the server itself writes.</summary>
internal static class ResponseHead
{
    private static readonly byte[]?[] StatusLines = new byte[600][];

    private static Stamp s_stamp = new(0, []);

    public static void AddStatus(HeadBuffer head, int status)
    {
        if (status is < 100 or > 599)
            head.Add(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} \r\n"));
        else
            head.Add(StatusLines[status] ??= Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {ReasonPhrases.GetReasonPhrase(status)}\r\n"));
    }

    /// <summary>The fields of an answer that was put together in pieces, but for what says how the connection and the body go on.</summary>
    public static void AddFields(HeadBuffer head, HeaderList headers, bool upgrades)
    {
        foreach (ref readonly var field in headers.All)
        {
            if (IsManaged(field.Key) && !(upgrades && Is(field.Key, "Connection")))
                continue;
            foreach (var value in field.Value)
                AddField(head, field.Key, value ?? "");
        }
    }

    /// <summary>RFC 9110 6.6.1, where the upstream has not said it.</summary>
    public static void AddDate(HeadBuffer head, DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeSeconds();
        var stamp = Volatile.Read(ref s_stamp);
        if (stamp.Seconds != seconds)
        {
            stamp = new Stamp(seconds, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Date: {now:R}\r\n")));
            Volatile.Write(ref s_stamp, stamp);
        }
        head.Add(stamp.Line);
    }

    public static void AddField(HeadBuffer head, string name, string value)
    {
        // A line break here would be an answer of somebody else's making.
        if (value.AsSpan().ContainsAny('\r', '\n', '\0') || name.AsSpan().ContainsAny('\r', '\n', ':'))
            throw new InvalidOperationException($"The header field {name} has a line break.");
        head.Field(name, value);
    }

    private static bool IsManaged(string name) => Is(name, "Content-Length") || Is(name, "Transfer-Encoding") || Is(name, "Connection");

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    private sealed record Stamp(long Seconds, byte[] Line);
}
