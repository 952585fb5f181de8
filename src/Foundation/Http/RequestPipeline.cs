using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tollgate.Foundation.Http;

/// <summary>Gives each request an id, the headers that every answer carries, and one structured log line when it is done.</summary>
internal sealed partial class RequestPipeline(RequestDelegate next, ILogger<RequestPipeline> logger, TimeProvider clock)
{
    /// <summary>The Content-Security-Policy of what is no page.</summary>
    public const string NothingRuns = "default-src 'none'; frame-ancestors 'none'";

    public async Task InvokeAsync(HttpContext context)
    {
        var offered = context.Request.Headers[RequestId.Header].ToString();
        context.TraceIdentifier = SafeId().IsMatch(offered) ? offered : TypeId.Format("req", TypeId.New(clock));
        var started = clock.GetTimestamp();
        context.Response.OnStarting(static state => SetHeaders((HttpContext)state), context);
        using var scope = logger.BeginScope(new Dictionary<string, object>(StringComparer.Ordinal) { ["request_id"] = context.TraceIdentifier });
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            // The path only: a query may hold what a person typed.
            LogDone(logger, context.Request.Method, context.Request.Path.Value ?? "", context.Response.StatusCode,
                clock.GetElapsedTime(started).TotalMilliseconds, context.TraceIdentifier);
        }
    }

    private static Task SetHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers[RequestId.Header] = context.TraceIdentifier;
        SecurityHeaders.Set(context);
        if (!headers.ContainsKey("Content-Security-Policy"))
            headers.ContentSecurityPolicy = NothingRuns;
        if (!headers.ContainsKey("Cache-Control"))
            headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{8,64}$", RegexOptions.CultureInvariant, 100)]
    private static partial Regex SafeId();

    [LoggerMessage(1, LogLevel.Information, "{Method} {Path} {Status} {Milliseconds:0.0} ms {RequestId}")]
    private static partial void LogDone(ILogger logger, string method, string path, int status, double milliseconds, string requestId);
}
