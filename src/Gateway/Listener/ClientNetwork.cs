using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Tollgate.Gateway.Listener;

/// <summary>What counts as one client where nobody has said who calls: an IPv4 address, or an IPv6 network of /64, which one subscriber has all of.</summary>
internal static class ClientNetwork
{
    public static UInt128 Of(IPAddress? address)
    {
        if (address is null)
            return 0;
        var four = address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6;
        Span<byte> bytes = stackalloc byte[16];
        (address.AddressFamily == AddressFamily.InterNetwork ? address.MapToIPv6() : address).TryWriteBytes(bytes, out _);
        var number = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return four ? number : number >> 64 << 64;
    }
}
