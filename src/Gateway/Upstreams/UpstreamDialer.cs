using System.Net;
using System.Net.Sockets;
using Tollgate.Gateway.Listener;

namespace Tollgate.Gateway.Upstreams;

/// <summary>
/// Connects to upstreams. Every address that a name resolves to is judged when the connection is made, not only when the upstream was saved: a name that
/// points inside the operator's network by then is not connected to.
/// </summary>
internal sealed class UpstreamDialer(UpstreamAddressPolicy policy, GatewayOptions options)
{
    /// <exception cref="UpstreamRefusedException">No address may be called.</exception>
    /// <exception cref="SocketException">None answers.</exception>
    /// <exception cref="OperationCanceledException">Not in time.</exception>
    public async ValueTask<Socket> ConnectAsync(string host, int port, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.ConnectTimeout);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, limit.Token).ConfigureAwait(false);
        var allowed = Array.FindAll(addresses, policy.IsAllowed);
        if (allowed.Length == 0)
            throw new UpstreamRefusedException();
        // One socket an address: the addresses of a name may be of both families.
        Exception? last = null;
        foreach (var address in allowed)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token).ConfigureAwait(false);
                return socket;
            }
            catch (Exception exception)
            {
                socket.Dispose();
                last = exception;
                if (exception is not SocketException)
                    throw;
            }
        }
        throw last!;
    }
}

/// <summary>No address of the upstream may be called from here.</summary>
internal sealed class UpstreamRefusedException() : IOException("No address of the upstream is allowed by the address policy.");
