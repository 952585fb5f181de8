using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Tollgate.TestKit;

/// <summary>
/// An upstream on a real server: `/small` answers two words, `/stream?events=N` sends server-sent events every 20 ms, `/slow?milliseconds=N` waits, `/status/N`
/// answers so, `/echo` sends the body back, `/grpc` does with trailers, `/protocol` tells the version of HTTP. It keeps what it was sent, so that tests can look.
/// </summary>
public sealed class FakeUpstream : IAsyncDisposable
{
    private const int RefusedStream = 7;
    private readonly WebApplication _app;

    private FakeUpstream(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    /// <summary>Headers and raw target of each request, in the order of arrival.</summary>
    public ConcurrentQueue<(string Target, IReadOnlyDictionary<string, string> Headers)> Received { get; } = new();

    /// <summary>It breaks the connection instead of each answer.</summary>
    public bool Breaks { get; set; }

    /// <summary>So many requests over HTTP/2 are sent back unseen (REFUSED_STREAM) before one is answered.</summary>
    public int Refuses { get; set; }

    /// <param name="certificate">With it, TLS: HTTP/2 for whoever offers that.</param>
    /// <param name="protocols">What it speaks over TLS.</param>
    public static async Task<FakeUpstream> StartAsync(X509Certificate2? certificate = null, HttpProtocols protocols = HttpProtocols.Http1AndHttp2)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore();
        if (certificate is null)
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        else
            builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint =>
            {
                endpoint.Protocols = protocols;
                endpoint.UseHttps(certificate);
            }));
        var app = builder.Build();
        var upstream = new FakeUpstream(app);
        app.Run(upstream.AnswerAsync);
        await app.StartAsync().ConfigureAwait(false);
        return upstream;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        if (Refuses > 0 && context.Features.Get<IHttpResetFeature>() is { } stream)
        {
            Refuses--;
            stream.Reset(RefusedStream);
            return;
        }
        Received.Enqueue((context.Features.Get<IHttpRequestFeature>()!.RawTarget,
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
        if (Breaks)
        {
            context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
            return;
        }
        var path = context.Request.Path.Value!;
        if (path.StartsWith("/status/", StringComparison.Ordinal))
            context.Response.StatusCode = int.Parse(path["/status/".Length..], CultureInfo.InvariantCulture);
        else if (path == "/stream")
            await StreamAsync(context).ConfigureAwait(false);
        else if (path == "/slow")
        {
            await Task.Delay(Number(context, "milliseconds", 1000), context.RequestAborted).ConfigureAwait(false);
            await context.Response.WriteAsync("late").ConfigureAwait(false);
        }
        else if (path == "/protocol")
            await context.Response.WriteAsync(context.Request.Protocol).ConfigureAwait(false);
        else if (path == "/grpc")
        {
            context.Response.ContentType = "application/grpc";
            await context.Request.Body.CopyToAsync(context.Response.Body).ConfigureAwait(false);
            context.Response.AppendTrailer("grpc-status", "0");
        }
        else if (path == "/echo")
            await context.Request.Body.CopyToAsync(context.Response.Body).ConfigureAwait(false);
        else
        {
            context.Response.ContentLength = 11;
            await context.Response.WriteAsync("hello world").ConfigureAwait(false);
        }
    }

    private static async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        for (var i = 0; i < Number(context, "events", 10); i++)
        {
            await context.Response.WriteAsync($"data: {i}\n\n", context.RequestAborted).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            await Task.Delay(20, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static int Number(HttpContext context, string name, int fallback) =>
        int.TryParse(context.Request.Query[name], CultureInfo.InvariantCulture, out var value) ? value : fallback;
}
