using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Forwarding;

/// <summary>Takes out of a request what only the gateway may say to an upstream, and what was meant for the hop to the gateway alone.</summary>
internal static class ClientHeaders
{
    private static readonly string[] Nobody = [];

    /// <summary>For a forwarder that reads the fields from the request itself.</summary>
    public static void Clean(IHeaderDictionary headers)
    {
        foreach (var option in Nominated(headers))
            headers.Remove(option);
        PortalCookies.TakeOut(headers);
        List<string>? doomed = null;
        foreach (var (name, value) in headers)
            if (IsOurs(name) || KeyHeader.Holds(name, value))
                (doomed ??= []).Add(name);
        foreach (var name in doomed ?? [])
            headers.Remove(name);
    }

    /// <summary>Who called, for the upstream: one address, one scheme and one host, none of which the client can make up.</summary>
    public static (string Proto, string Host) Origin(HttpContext context, ClientAddress addresses)
    {
        var request = context.Request;
        if (!addresses.IsTrusted(context.Connection.RemoteIpAddress))
            return (request.Scheme, request.Host.Value ?? "");
        var proto = Last(request.Headers["X-Forwarded-Proto"].ToString());
        var host = Last(request.Headers["X-Forwarded-Host"].ToString());
        return (proto is "http" or "https" ? proto : request.Scheme, host.Length > 0 ? host : request.Host.Value ?? "");
    }

    /// <summary>CGI-like upstreams read an underscore as a hyphen: X_Tollgate_Plan would arrive there as X-Tollgate-Plan.</summary>
    public static bool IsOurs(string name)
    {
        if (name.Length < 7)
            return false;
        if (name.Contains('_', StringComparison.Ordinal))
            name = name.Replace('_', '-');
        return name.StartsWith("X-Tollgate-", StringComparison.OrdinalIgnoreCase) || name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
            || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase) || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase)
            || name.Equals(RequestId.Header, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// What Connection names goes no further than this hop (RFC 9110 7.6.1).
    /// </summary>
    public static IReadOnlyCollection<string> Nominated(IHeaderDictionary headers)
    {
        var connection = headers.Connection;
        if (connection.Count == 0 || (connection.Count == 1 && connection[0] is { } one
            && (one.Equals("keep-alive", StringComparison.OrdinalIgnoreCase) || one.Equals("close", StringComparison.OrdinalIgnoreCase))))
            return Nobody;
        return [.. connection.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(option => !IsFraming(option))];
    }

    // The server and the forwarder have already acted on these, or need them; a client cannot nominate them away.
    private static bool IsFraming(string name) =>
        name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase) || name.Equals("Host", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Connection", StringComparison.OrdinalIgnoreCase) || name.Equals("TE", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Sec-WebSocket-", StringComparison.OrdinalIgnoreCase);

    private static string Last(string list) => list.Split(',', StringSplitOptions.TrimEntries)[^1];
}
