using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Forwarding.Secure;

/// <summary>
/// A connection pool for each upstream origin, HTTP/1.1 or 2 as the upstream chooses. One that no route has named for a minute is dropped: calls that it still
/// has go on, and new ones find another.
/// </summary>
internal sealed class UpstreamInvokers : IDisposable
{
    public static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, HttpMessageInvoker> _byOrigin = new(StringComparer.Ordinal);
    private readonly UpstreamDialer _dialer;
    private readonly GatewayOptions _options;
    private readonly Routes _routes;
    private readonly ITimer _sweeper;
    private HashSet<string> _unnamed = [];

    public UpstreamInvokers(UpstreamDialer dialer, GatewayOptions options, Routes routes, TimeProvider clock)
    {
        (_dialer, _options, _routes) = (dialer, options, routes);
        _sweeper = clock.CreateTimer(_ => Sweep(), state: null, SweepInterval, SweepInterval);
    }

    public HttpMessageInvoker Of(string origin) => _byOrigin.GetOrAdd(origin, static (_, self) => self.Create(), this);

    public void Dispose()
    {
        _sweeper.Dispose();
        foreach (var invoker in _byOrigin.Values)
            invoker.Dispose();
    }

    // Those that were not named at the last look either: an edit may come back.
    private void Sweep()
    {
        var named = _routes.Table.Apis.SelectMany(api => api.Upstreams.Targets).Where(target => !target.IsPlain).Select(target => target.Origin).ToHashSet(StringComparer.Ordinal);
        var unnamed = _byOrigin.Keys.Where(origin => !named.Contains(origin)).ToHashSet(StringComparer.Ordinal);
        foreach (var origin in unnamed)
            if (_unnamed.Contains(origin) && _byOrigin.TryRemove(origin, out var invoker))
                invoker.Dispose();
        _unnamed = unnamed;
    }

    private HttpMessageInvoker Create() => new(new PromptUploads(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        // The gateway writes traceparent itself.
        ActivityHeadersPropagator = null,
        ConnectTimeout = _options.ConnectTimeout,
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
        new NetworkStream(await _dialer.ConnectSocketAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation).ConfigureAwait(false), ownsSocket: true);
}
