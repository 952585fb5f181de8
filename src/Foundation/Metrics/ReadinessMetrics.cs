using System.Text.RegularExpressions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tollgate.Foundation.Metrics;

/// <summary>What <c>/_api/readyz</c> says, as figures.</summary>
internal static partial class ReadinessMetrics
{
    private const int LongestReason = 160;

    public static void WriteTo(MetricPage page, HealthReport report)
    {
        page.Gauge("tollgate_ready", "1 when this node can do its work.", report.Status == HealthStatus.Unhealthy ? 0 : 1);
        page.Gauges("tollgate_ready_check", "1 when this part of the node is ready.");
        foreach (var (name, entry) in report.Entries)
            page.Add(entry.Status == HealthStatus.Unhealthy ? 0 : 1, ("check", name));
        page.Gauges("tollgate_ready_reason", "What a part of the node says of itself: why it is not ready, or what wants the operator's eye. Numbers are written as N.");
        foreach (var (name, entry) in report.Entries)
            if (entry.Description is { Length: > 0 } reason)
                page.Add(1, ("check", name), ("status", entry.Status.ToString().ToLowerInvariant()), ("reason", Steady(reason)));
    }

    // An age that is told in seconds would be another series each time.
    private static string Steady(string reason) => Digits().Replace(reason.Length > LongestReason ? reason[..LongestReason] : reason, "N");

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant, 100)]
    private static partial Regex Digits();
}
