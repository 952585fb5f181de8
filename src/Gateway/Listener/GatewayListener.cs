using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Foundation;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Server;
using Tollgate.Gateway.Sockets;
using Tollgate.Gateway.Tls;

namespace Tollgate.Gateway.Listener;

/// <summary>
/// The gateway's own Kestrel, beside the one of the control API, on the event loops. With TLS client and server agree on HTTP/1.1 or 2; where TLS ends in front of it, whatever
/// ends it may speak HTTP/1.1 to it, or HTTP/2 on an address of its own, for in clear a server cannot tell one from the other. Stopping takes no new call, waits for those in
/// flight, then ends the streams that are left.
/// </summary>
internal sealed partial class GatewayListener(GatewayApplication application, Http1Server http1, GatewayOptions options, LiveCalls live, EventLoops loops, ServerCertificate certificate,
    Handshakes handshakes, IServiceProvider services, ILoggerFactory loggers) : IHostedService, IDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger<GatewayListener>();
    private IServer? _server;

    /// <summary>Where it listens, with the ports that were given for port 0.</summary>
    public IReadOnlyCollection<string> Addresses => _server?.Features.Get<IServerAddressesFeature>()?.Addresses.ToArray() ?? [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var kestrel = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false, AllowSynchronousIO = false, AllowResponseHeaderCompression = false };
        kestrel.RequestHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1;
        SetLimits(kestrel.Limits, options);
        if (options.UsesTls)
            certificate.Open();
        var transport = new LoopTransport(loops, services.GetService<IMemoryPoolFactory<byte>>(), loggers);
        _server = ServerRefusals.NewServer(kestrel, transport, loggers);
        foreach (var url in options.Urls)
            kestrel.ListenOn("Gateway__Url", url, Speak, "http", "https", "h2c");
        await _server.StartAsync(application, cancellationToken).ConfigureAwait(false);
        LogListening(_logger, string.Join(", ", Addresses));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is not { } server)
            return;
        // Kestrel's own stop tears connections when its token ends; what is left then must have been ended by us, so that its record is closed.
        var stopping = server.StopAsync(cancellationToken);
        if (await Task.WhenAny(stopping, Task.Delay(options.DrainTimeout, cancellationToken)).ConfigureAwait(false) != stopping)
            live.CutAll();
        await stopping.ConfigureAwait(false);
    }

    public void Dispose() => _server?.Dispose();

    private static void SetLimits(KestrelServerLimits limits, GatewayOptions options)
    {
        limits.MaxRequestBodySize = null;
        limits.MaxRequestLineSize = 16 * 1024;
        limits.MaxRequestHeadersTotalSize = 32 * 1024;
        limits.MaxRequestHeaderCount = 100;
        limits.RequestHeadersTimeout = options.HeaderTime;
        limits.KeepAliveTimeout = options.KeepAliveTime;
        // An upload may pause as long as the API's time-out allows; the call's own clock ends it then.
        limits.MinRequestBodyDataRate = null;
        // What waits for a client that hardly reads is little, and not for long.
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: options.SlowClientTime > TimeSpan.FromSeconds(1) ? options.SlowClientTime : TimeSpan.FromSeconds(2));
    }

    private void Speak(Uri address, ListenOptions endpoint)
    {
        if (address.Scheme == "h2c")
        {
            endpoint.Protocols = HttpProtocols.Http2;
            return;
        }
        if (address.Scheme == Uri.UriSchemeHttps)
            handshakes.Secure(endpoint);
        http1.Serve(endpoint);
    }

    [LoggerMessage(1, LogLevel.Information, "Gateway listens on {Addresses}")]
    private static partial void LogListening(ILogger logger, string addresses);
}
