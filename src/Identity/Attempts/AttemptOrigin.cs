using System.Net;
using System.Net.Sockets;

namespace Tollgate.Identity.Attempts;

/// <summary>From where somebody tries: the browser's own secret, if it sent one, and its network.</summary>
internal sealed record AttemptOrigin(byte[]? DeviceDigest, IPAddress? Address)
{
    /// <summary>One address of IPv4, a /64 of IPv6: what an account knows again.</summary>
    public string Network => Prefix(64);

    /// <summary>One address of IPv4, a /48 of IPv6, which has 65,536 networks and one owner: what strangers are counted by.</summary>
    public string Site => Prefix(48);

    private string Prefix(int bits)
    {
        if (Address is null)
            return "0.0.0.0/32";
        if (Address.AddressFamily == AddressFamily.InterNetwork)
            return $"{Address}/32";
        var bytes = Address.GetAddressBytes();
        bytes.AsSpan(bits / 8).Clear();
        return $"{new IPAddress(bytes)}/{bits}";
    }
}
