using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Tollgate.Gateway.Listener;

namespace Tollgate.Gateway.Server;

/// <summary>
/// The gateway's server for HTTP/1.1 (docs/decisions/0025). Kestrel keeps what stands around it: endpoints, TLS, the list of connections and their end; and it serves HTTP/2.
/// </summary>
internal sealed class Http1Server(GatewayPath path, GatewayOptions options, TimeProvider clock, ILogger<Http1Session> logger)
{
    /// <summary>Takes what of an endpoint's connections does not speak HTTP/2.</summary>
    public void Serve(ListenOptions endpoint) => endpoint.Use(next => connection => IsHttp2(connection) ? next(connection) : new Http1Session(connection, path, options, clock, logger).RunAsync());

    private static bool IsHttp2(ConnectionContext connection) =>
        connection.Features.Get<ITlsApplicationProtocolFeature>() is { } agreed && agreed.ApplicationProtocol.Span.SequenceEqual("h2"u8);
}
