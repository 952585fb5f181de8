using System.Net;
using System.Net.Sockets;

namespace Tollgate.Identity.Attempts;

/// <summary>From where somebody tries: the browser's own secret, if it sent one, and its network.</summary>
internal sealed record AttemptOrigin(byte[]? DeviceDigest, IPAddress? Address)
{
    /// <summary>One address of IPv4, a /64 of IPv6.</summary>
    public string Network
    {
        get
        {
            if (Address is null)
                return "0.0.0.0/32";
            if (Address.AddressFamily == AddressFamily.InterNetwork)
                return $"{Address}/32";
            var bytes = Address.GetAddressBytes();
            bytes.AsSpan(8).Clear();
            return $"{new IPAddress(bytes)}/64";
        }
    }
}
