using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Gateway.Forwarding;

namespace Tollgate.Gateway.Listener;

/// <summary>Between Kestrel and the path: no middleware, no routing, and one context object for each connection (for each stream of HTTP/2).</summary>
internal sealed class GatewayApplication(GatewayPath path, TimeProvider clock) : IHttpApplication<GatewayContext>
{
    public GatewayContext CreateContext(IFeatureCollection contextFeatures)
    {
        if (contextFeatures is not IHostContextContainer<GatewayContext> container)
            return Initialize(new GatewayContext(clock), contextFeatures);
        return Initialize(container.HostContext ??= new GatewayContext(clock), contextFeatures);
    }

    public Task ProcessRequestAsync(GatewayContext context) => context.RunAsync(path);

    public void DisposeContext(GatewayContext context, Exception? exception) => context.Http.Uninitialize();

    private static GatewayContext Initialize(GatewayContext context, IFeatureCollection features)
    {
        context.Http.Initialize(features);
        return context;
    }
}

/// <summary>What stays with a connection from request to request.</summary>
internal sealed class GatewayContext(TimeProvider clock)
{
    private bool _watched;

    public DefaultHttpContext Http { get; } = new();

    private Call Call { get; } = new(clock);

    /// <summary>A client that goes ends its call: on HTTP/1.1 with the connection, on HTTP/2 with the stream.</summary>
    public Task RunAsync(GatewayPath path)
    {
        if (HttpProtocol.IsHttp2(Http.Request.Protocol))
            return RunStreamAsync(path);
        if (!_watched && Http.Features.Get<IConnectionLifetimeFeature>() is { } connection)
        {
            _watched = true;
            connection.ConnectionClosed.UnsafeRegister(static life => ((CallLife)life!).LoseClient(), Call.Life);
        }
        return path.RunAsync(Http, Call).AsTask();
    }

    private async Task RunStreamAsync(GatewayPath path)
    {
        var life = Call.Life;
        // The path renews the call's life as its first act; a stream that is reset before then is noticed when it is written to.
        var running = path.RunAsync(Http, Call);
        using var watch = Http.RequestAborted.UnsafeRegister(static life => ((CallLife)life!).LoseClient(), life);
        await running.ConfigureAwait(false);
    }
}
