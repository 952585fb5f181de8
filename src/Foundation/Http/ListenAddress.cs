using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Tollgate.Foundation;

/// <summary>Addresses to listen on, as settings name them.</summary>
public static class ListenAddress
{
    /// <summary>An address of this machine, <c>localhost</c> (both loopbacks), or <c>*</c> for all. A name would have to be looked up, and could be anything.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="setting">Named in the error.</param>
    /// <param name="url">The setting's value.</param>
    /// <param name="speak">What is spoken there.</param>
    /// <param name="schemes">Those that the setting may have.</param>
    /// <exception cref="StartupException">It is no such address.</exception>
    public static void ListenOn(this KestrelServerOptions kestrel, string setting, string url, Action<Uri, ListenOptions> speak, params string[] schemes)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        // Uri knows no host of one star.
        if (!Uri.TryCreate(url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var address)
            || !schemes.Contains(address.Scheme, StringComparer.Ordinal))
            throw new StartupException($"{setting}: '{url}' is no address that begins with {string.Join(" or ", schemes.Select(scheme => scheme + "://"))}, such as {schemes[0]}://0.0.0.0:8000.");
        void Speak(ListenOptions endpoint) => speak(address, endpoint);
        if (url.Contains("://*", StringComparison.Ordinal) || url.Contains("://+", StringComparison.Ordinal))
            kestrel.ListenAnyIP(address.Port, Speak);
        else if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip))
            kestrel.Listen(ip, address.Port, Speak);
        else if (address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) && address.Port != 0)
            kestrel.ListenLocalhost(address.Port, Speak);
        else
            throw new StartupException($"{setting}: '{url}' must name an address of this machine, localhost or 0.0.0.0.");
    }
}
