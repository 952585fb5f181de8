using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tollgate.Foundation.Metrics;

/// <summary>A server that knows one page and asks nobody who they are: for an address that only the operator's own network reaches.</summary>
internal sealed partial class MetricsListener(MetricsOptions options, MetricsAnswer answer, IServiceProvider services, ILoggerFactory loggers) : IHostedService, IDisposable
{
    public const string Path = "/metrics";

    private readonly ILogger _logger = loggers.CreateLogger<MetricsListener>();
    private IServer? _server;

    /// <summary>Where it listens, with the port that was given for port 0.</summary>
    public IReadOnlyCollection<string> Addresses => _server?.Features.Get<IServerAddressesFeature>()?.Addresses.ToArray() ?? [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        options.Validate();
        if (options.Url is not { } url)
            return;
        var kestrel = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.MaxConcurrentConnections = 64;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        _server = ServerRefusals.NewServer(kestrel, new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers), loggers);
        kestrel.ListenOn("Metrics__Url", url, static (_, endpoint) => endpoint.Protocols = HttpProtocols.Http1, "http");
        await _server.StartAsync(new Application(answer), cancellationToken).ConfigureAwait(false);
        LogListening(_logger, string.Join(", ", Addresses));
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public void Dispose() => _server?.Dispose();

    private sealed class Application(MetricsAnswer answer) : IHttpApplication<HttpContext>
    {
        private static readonly Failure Nothing = new(FailureKind.NotFound, "NOT_FOUND", "There is nothing at this address.");
        private static readonly Failure WrongMethod = new(FailureKind.MethodNotAllowed, "METHOD_NOT_ALLOWED", "This address does not take this method.");

        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context)
        {
            if (context.Request.Path.Value is not Path)
                return Problems.Result(Nothing).ExecuteAsync(context);
            if (HttpMethods.IsGet(context.Request.Method))
                return answer.SendAsync(context);
            context.Response.Headers.Allow = HttpMethods.Get;
            return Problems.Result(WrongMethod).ExecuteAsync(context);
        }

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Metrics are at {Addresses}")]
    private static partial void LogListening(ILogger logger, string addresses);
}
