using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Forwarding.Secure;

/// <summary>A connection pool for each upstream origin, HTTP/1.1 or 2 as the upstream chooses.</summary>
internal sealed class UpstreamInvokers(UpstreamDialer dialer, GatewayOptions options) : IDisposable
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
        // Header values pass byte for byte. It is asked for each field while the head is written, and for this one in each head.
        RequestHeaderEncodingSelector = static (name, request) =>
        {
            if (name == CallTransformer.Mark)
                CallTransformer.NoteBegin(request);
            return Encoding.Latin1;
        },
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ConnectCallback = ConnectAsync,
    }), disposeHandler: true);

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation) =>
        new NetworkStream(await dialer.ConnectSocketAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation).ConfigureAwait(false), ownsSocket: true);
}
