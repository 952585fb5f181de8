using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// A connection pool for each upstream origin. Every address a name resolves to is judged when the connection is made, not only when the upstream was
/// saved: a name that points inside the operator's network by then is not connected to.
/// </summary>
internal sealed class UpstreamInvokers(UpstreamAddressPolicy policy, GatewayOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<string, HttpMessageInvoker> _byOrigin = new(StringComparer.Ordinal);

    public HttpMessageInvoker Of(string origin) => _byOrigin.GetOrAdd(origin, static (_, self) => self.Create(), this);

    public void Dispose()
    {
        foreach (var invoker in _byOrigin.Values)
            invoker.Dispose();
    }

    private HttpMessageInvoker Create() => new(new PromptUploads(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        // The gateway writes traceparent itself.
        ActivityHeadersPropagator = null,
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        EnableMultipleHttp2Connections = true,
        Expect100ContinueTimeout = TimeSpan.FromSeconds(1),
        // Header values pass byte for byte.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ConnectCallback = ConnectAsync,
    }), disposeHandler: true);

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation).ConfigureAwait(false);
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
                await socket.ConnectAsync(new IPEndPoint(address, context.DnsEndPoint.Port), cancellation).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
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
