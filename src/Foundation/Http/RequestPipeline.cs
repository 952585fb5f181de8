using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tollgate.Foundation.Http;

/// <summary>
/// Gives each request an id, the headers that every answer carries, and one structured log line when it is done. Of who is refused (not signed in, not allowed, too often) the line
/// tells why, from where, and the account where it is known; never what somebody typed, which may be a password.
/// </summary>
internal sealed partial class RequestPipeline(RequestDelegate next, SecurityHeaders security, ClientAddress addresses, ILogger<RequestPipeline> logger, TimeProvider clock)
{
    /// <summary>The Content-Security-Policy of what is no page.</summary>
    public const string NothingRuns = "default-src 'none'; frame-ancestors 'none'";

    public async Task InvokeAsync(HttpContext context)
    {
        var offered = context.Request.Headers[RequestId.Header].ToString();
        context.TraceIdentifier = SafeId().IsMatch(offered) ? offered : TypeId.Format("req", TypeId.New(clock));
        var started = clock.GetTimestamp();
        context.Response.OnStarting(() => SetHeaders(context));
        using var scope = logger.BeginScope(new Dictionary<string, object>(StringComparer.Ordinal) { ["request_id"] = context.TraceIdentifier });
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            Log(context, clock.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    // The path only: a query may hold what a person typed. As it came, encoded: a line break in it would begin a line of its own.
    private void Log(HttpContext context, double milliseconds)
    {
        var (method, path, status) = (context.Request.Method, context.Request.Path.ToUriComponent(), context.Response.StatusCode);
        if (status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status429TooManyRequests)
            LogRefused(logger, method, path, status, Problems.CodeOf(context), addresses.Of(context), HttpTenant.Of(context).AccountId is { } account ? TypeId.Format("acc", account) : null,
                milliseconds, context.TraceIdentifier);
        else
            LogDone(logger, method, path, status, milliseconds, context.TraceIdentifier);
    }

    private Task SetHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers[RequestId.Header] = context.TraceIdentifier;
        security.Set(context);
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

    [LoggerMessage(5, LogLevel.Information, "{Method} {Path} {Status} {Code} from {Address} as {Account} {Milliseconds:0.0} ms {RequestId}")]
    private static partial void LogRefused(ILogger logger, string method, string path, int status, string? code, IPAddress? address, string? account, double milliseconds, string requestId);
}
