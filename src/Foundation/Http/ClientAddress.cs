using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Tollgate.Foundation;

/// <summary>
/// Who calls: the socket's address, unless that is in <c>Proxy__Trusted</c> (addresses or CIDR ranges, comma-separated). Then Forwarded (RFC 7239) or
/// X-Forwarded-For is read from the right, and the first address that is not a trusted proxy is the client.
/// </summary>
public sealed class ClientAddress
{
    private readonly IPNetwork[] _trusted;

    public ClientAddress(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _trusted = [.. (configuration["Proxy:Trusted"] ?? "")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseNetwork)];
    }

    /// <summary>Null only when the server does not know the peer (a unix socket).</summary>
    public IPAddress? Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Resolve(context.Connection.RemoteIpAddress, context.Request.Headers["Forwarded"].ToString(), context.Request.Headers["X-Forwarded-For"].ToString());
    }

    /// <summary>True when the peer may say on whose behalf it calls, and by which scheme and host.</summary>
    public bool IsTrusted(IPAddress? address)
    {
        if (address is null)
            return false;
        foreach (var network in _trusted)
            if (network.Contains(Plain(address)))
                return true;
        return false;
    }

    public IPAddress? Resolve(IPAddress? peer, string forwarded, string xForwardedFor)
    {
        if (peer is null || !IsTrusted(peer))
            return peer is null ? null : Plain(peer);
        var hops = forwarded.Length > 0 ? ForwardedFor(forwarded) : xForwardedFor.Split(',', StringSplitOptions.TrimEntries);
        var client = Plain(peer);
        for (var i = hops.Length - 1; i >= 0; i--)
        {
            if (!TryParse(hops[i], out var hop))
                break;
            client = hop;
            if (!IsTrusted(hop))
                break;
        }
        return client;
    }

    private static string[] ForwardedFor(string header) => [.. header.Split(',')
        .Select(element => Array.Find(element.Split(';', StringSplitOptions.TrimEntries), part => part.StartsWith("for=", StringComparison.OrdinalIgnoreCase)) ?? "")
        .Select(part => part.Length > 4 ? part[4..].Trim('"') : "")];

    // "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711"
    private static bool TryParse(string text, out IPAddress address)
    {
        if (!IPAddress.TryParse(text, out var parsed))
            parsed = IPEndPoint.TryParse(text, out var endpoint) ? endpoint.Address : null;
        address = parsed is null ? IPAddress.None : Plain(parsed);
        return parsed is not null;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static IPNetwork ParseNetwork(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
            return network;
        if (IPAddress.TryParse(text, out var address))
            return new IPNetwork(address, address.GetAddressBytes().Length * 8);
        throw new InvalidOperationException($"Proxy__Trusted: '{text}' is neither an address nor a CIDR range.");
    }
}
