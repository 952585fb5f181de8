using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Tollgate.Foundation.Metrics;

/// <summary>Asks every source and answers with the page, in the format that the scraper likes best.</summary>
internal sealed partial class MetricsAnswer(IEnumerable<IMetricSource> sources, HealthCheckService health, ILogger<MetricsAnswer> logger)
{
    private const string OpenMetrics = "application/openmetrics-text";
    private static readonly TimeSpan LongestCheck = TimeSpan.FromSeconds(2);

    public async Task SendAsync(HttpContext context)
    {
        var open = PrefersOpenMetrics(context.Request);
        var page = new MetricPage(open);
        foreach (var source in sources)
            Ask(source, page);
        await AskHealthAsync(page, context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = open ? $"{OpenMetrics}; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
        context.Response.Headers.Vary = "Accept";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsync(page.ToString(), context.RequestAborted).ConfigureAwait(false);
    }

    private void Ask(IMetricSource source, MetricPage page)
    {
        var before = page.Length;
        try
        {
            source.WriteTo(page);
        }
        catch (Exception exception)
        {
            page.Length = before;
            LogFailed(logger, exception, source.GetType().Name);
        }
    }

    private async Task AskHealthAsync(MetricPage page, CancellationToken cancellation)
    {
        try
        {
            ReadinessMetrics.WriteTo(page, await health.CheckHealthAsync(static check => check.Tags.Contains("ready"), cancellation).WaitAsync(LongestCheck, cancellation).ConfigureAwait(false));
        }
        catch (TimeoutException exception)
        {
            LogFailed(logger, exception, nameof(ReadinessMetrics));
        }
    }

    private static bool PrefersOpenMetrics(HttpRequest request)
    {
        var (open, plain) = (0d, 0d);
        foreach (var range in request.GetTypedHeaders().Accept)
        {
            if (range.MediaType.Equals(OpenMetrics, StringComparison.OrdinalIgnoreCase) && VersionOf(range) is null or "1.0.0")
                open = Math.Max(open, range.Quality ?? 1);
            else if (range.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase))
                plain = Math.Max(plain, range.Quality ?? 1);
        }
        return open > 0 && open >= plain;
    }

    private static string? VersionOf(Microsoft.Net.Http.Headers.MediaTypeHeaderValue range) =>
        range.Parameters.FirstOrDefault(parameter => parameter.Name.Equals("version", StringComparison.OrdinalIgnoreCase))?.Value.Value?.Trim('"');

    [LoggerMessage(1, LogLevel.Error, "{Source} could not tell its metrics")]
    private static partial void LogFailed(ILogger logger, Exception exception, string source);
}
