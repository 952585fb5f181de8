using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Foundation.Http;

namespace Tollgate.Foundation;

/// <summary>
/// Makes a problem of what Kestrel refuses before any code of ours sees it: a request line that is none, headers too large, a wrong Host. Kestrel answers
/// those with a status and no body and has no hook for one; but it tells of them, by a diagnostic event, before it answers (docs/decisions/0009). A request
/// that is not refused costs nothing here.
/// </summary>
public static partial class ServerRefusals
{
    private const string RefusedEvent = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>For the server of the host.</summary>
    public static IApplicationBuilder UseServerRefusals(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        Subscribe(app.ApplicationServices.GetRequiredService<DiagnosticListener>(), app.ApplicationServices, app.ApplicationServices.GetRequiredService<SecurityHeaders>());
        return app;
    }

    /// <summary>
    /// A Kestrel beside that of the host, which finds its services in <see cref="KestrelServerOptions.ApplicationServices"/>. From then on those are the server's own, in which
    /// TLS finds what it needs: endpoints are added to the options afterwards.
    /// </summary>
    public static IServer NewServer(KestrelServerOptions options, IConnectionListenerFactory transport, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(options);
        var events = new DiagnosticListener("Tollgate");
        // It is not the portal's, and may have neighbours without TLS.
        Subscribe(events, options.ApplicationServices, new SecurityHeaders(configuration: null));
        // The constructor of KestrelServer takes no source of diagnostic events, the one that the host's builder registers does.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.RemoveAll<IConnectionListenerFactory>();
        options.ApplicationServices = builder.Services.AddSingleton(transport).AddSingleton(loggers).AddSingleton(Options.Create(options)).AddSingleton<DiagnosticSource>(events)
            .BuildServiceProvider();
        return options.ApplicationServices.GetRequiredService<IServer>();
    }

    /// <summary>Code and detail of what a server refuses before any code of ours sees it. A status that it has no words for is told as 400.</summary>
    public static (int Status, string Code, string Detail) Describe(int status)
    {
        var refusal = Refusal.Of(status);
        return (refusal.Status, refusal.Code, refusal.Detail);
    }

    private static void Subscribe(DiagnosticListener events, IServiceProvider services, SecurityHeaders security) =>
        events.Subscribe(ActivatorUtilities.CreateInstance<Answerer>(services, security), static name => name == RefusedEvent);

    internal sealed partial class Answerer(TimeProvider clock, SecurityHeaders security, ILogger<Answerer> logger) : IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value is { Key: RefusedEvent, Value: IFeatureCollection features } && features.Get<IHttp2StreamIdFeature>() is null
                && features.Get<IConnectionTransportFeature>() is { } connection && features.Get<IHttpResponseFeature>() is { HasStarted: false })
                Answer(new DefaultHttpContext(features), connection);
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        // A request that was never handed out has no body to write to, only a head; so the body goes to the connection behind the head. Kestrel sees an
        // answer that has begun, adds nothing to it and closes.
        private void Answer(HttpContext context, IConnectionTransportFeature connection)
        {
            var refusal = Refusal.Of(context.Response.StatusCode);
            var requestId = TypeId.Format("req", TypeId.New(clock));
            var body = JsonSerializer.SerializeToUtf8Bytes(Problems.Members(context.Response.StatusCode, refusal.Code, refusal.Detail, requestId), Json.Options);
            var headers = context.Response.Headers;
            headers.ContentType = Problems.ContentType;
            headers.ContentLength = body.Length;
            headers.Connection = "close";
            headers.CacheControl = "no-store";
            headers.ContentSecurityPolicy = RequestPipeline.NothingRuns;
            security.Set(context);
            headers[RequestId.Header] = requestId;
            LogRefused(logger, context.Response.StatusCode, refusal.Code, requestId);
            if (!context.Response.StartAsync().IsCompletedSuccessfully)
            {
                context.Abort();
                return;
            }
            if (!HttpMethods.IsHead(context.Request.Method))
                connection.Transport.Output.Write(body);
            _ = connection.Transport.Output.FlushAsync().AsTask();
        }

        [LoggerMessage(4, LogLevel.Information, "The server could not read a request: {Status} {Code} {RequestId}")]
        private static partial void LogRefused(ILogger logger, int status, string code, string requestId);
    }

    private sealed record Refusal(int Status, string Code, string Detail)
    {
        private static readonly Refusal[] Known =
        [
            new(400, "BAD_REQUEST", "The request is not well formed HTTP."),
            new(405, "METHOD_NOT_ALLOWED", "This form of address does not take this method."),
            new(408, "REQUEST_TIMEOUT", "The request did not arrive in time."),
            new(411, "LENGTH_REQUIRED", "Send the length of the body."),
            new(413, "BODY_TOO_LARGE", "The request body is larger than it may be."),
            new(414, "URI_TOO_LONG", "The request line is longer than it may be."),
            new(431, "HEADERS_TOO_LARGE", "The request has more headers, or longer ones, than it may have."),
            new(505, "HTTP_VERSION_NOT_SUPPORTED", "Send the request as HTTP/1.1."),
        ];

        public static Refusal Of(int status) => Array.Find(Known, refusal => refusal.Status == status) ?? Known[0];
    }
}
