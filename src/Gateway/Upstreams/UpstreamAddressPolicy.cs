using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;

namespace Tollgate.Gateway.Upstreams;

/// <summary>
/// Which addresses an upstream may have. A provider writes the upstream's address and the gateway calls it from inside the operator's network, so
/// this machine, private networks and the metadata services of clouds are closed. <c>Gateway__AllowedUpstreamNetworks</c> (CIDR ranges, comma-separated) opens some of them,
/// for development or an upstream beside the gateway; <c>Gateway__AllowPrivateUpstreams</c> opens all.
/// Asked when an address is saved, and again with every connection: a name may point elsewhere by then (DNS rebinding).
/// </summary>
internal sealed class UpstreamAddressPolicy
{
    public const string Setting = "Gateway:AllowPrivateUpstreams";

    private static readonly TimeSpan OwnAddressesAge = TimeSpan.FromMinutes(1);

    // IANA's special-purpose registries, and the one metadata address that lies in public space (Azure's 168.63.129.16). Metadata at 169.254.169.254,
    // 100.100.100.200, 192.0.0.192 and fd00:ec2::254 is inside a range.
    private static readonly IPNetwork[] Closed4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork Open6 = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] Closed6 = [.. new[] { "2001::/23", "2001:db8::/32", "3fff::/20" }.Select(IPNetwork.Parse)];
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    private readonly bool _allowPrivate;
    private readonly IPNetwork[] _opened;
    private readonly TimeProvider _clock;
    private volatile OwnAddresses _own;

    public UpstreamAddressPolicy(IConfiguration configuration, TimeProvider clock)
    {
        _allowPrivate = configuration.GetValue(Setting, defaultValue: false);
        _opened = [.. (configuration["Gateway:AllowedUpstreamNetworks"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseNetwork)];
        _clock = clock;
        _own = new OwnAddresses(clock.GetTimestamp(), ReadOwn());
    }

    /// <summary>True when every address is open, so that there is nothing to ask a name server for.</summary>
    public bool AllowsAll => _allowPrivate;

    public bool IsAllowed(IPAddress address)
    {
        if (_allowPrivate || IsOpened(address))
            return true;
        return address.AddressFamily switch
        {
            AddressFamily.InterNetwork => IsPublic4(address),
            AddressFamily.InterNetworkV6 => IsPublic6(address),
            _ => false,
        };
    }

    private bool IsOpened(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.Exists(_opened, network => network.Contains(plain));
    }

    private static IPNetwork ParseNetwork(string text) => IPNetwork.TryParse(text, out var network)
        ? network
        : throw new InvalidOperationException($"Gateway__AllowedUpstreamNetworks: '{text}' is no CIDR range.");

    private bool IsPublic4(IPAddress address) => !Array.Exists(Closed4, network => network.Contains(address)) && !IsOwn(address);

    private bool IsPublic6(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return IsPublic4(address.MapToIPv4());
        if (Nat64.Contains(address))
            return IsPublic4(new IPAddress(address.GetAddressBytes().AsSpan(12, 4)));
        if (SixToFour.Contains(address))
            return IsPublic4(new IPAddress(address.GetAddressBytes().AsSpan(2, 4)));
        return Open6.Contains(address) && !Array.Exists(Closed6, network => network.Contains(address)) && !IsOwn(address);
    }

    // A machine may hold a public address itself, and what listens on it may trust it.
    private bool IsOwn(IPAddress address)
    {
        var own = _own;
        if (_clock.GetElapsedTime(own.ReadAt) > OwnAddressesAge)
            _own = own = new OwnAddresses(_clock.GetTimestamp(), ReadOwn());
        return own.Addresses.Contains(address);
    }

    private static HashSet<IPAddress> ReadOwn()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address)];
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }

    private sealed record OwnAddresses(long ReadAt, HashSet<IPAddress> Addresses);
}
