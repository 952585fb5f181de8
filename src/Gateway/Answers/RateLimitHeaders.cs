using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tollgate.Admission;
using Tollgate.Gateway.Listener;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Gateway.Answers;

/// <summary>
/// What is left, on every answer to a known key: the structured fields of draft-ietf-httpapi-ratelimit-headers (all policies, and the tightest limit)
/// and the three older ones, whose reset is in seconds from now. An allowance past which calls are charged is no limit and is not named.
/// </summary>
internal sealed class RateLimitHeaders(GatewayOptions options)
{
    private const string Exposed = "RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id";

    public void Write(IHeaderDictionary headers, in AdmissionDecision decision)
    {
        headers.AccessControlExposeHeaders = headers.AccessControlExposeHeaders.ToString() is { Length: > 0 } upstream ? $"{upstream}, {Exposed}" : Exposed;
        if (decision.LimitCount == 0)
            return;
        var policy = new StringBuilder(96);
        for (var i = 0; i < decision.LimitCount; i++)
            if (!decision.Limits[i].Charged)
                Append(policy.Length == 0 ? policy : policy.Append(", "), decision.Limits[i]);
        if (policy.Length > 0)
            headers["RateLimit-Policy"] = policy.ToString();
        if (decision.Tightest < 0 || decision.Limits[decision.Tightest].Charged)
            return;
        var tightest = decision.Limits[decision.Tightest];
        headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{Name(tightest)}\";r={Math.Max(0, tightest.Remaining)};t={Math.Max(0, tightest.ResetSeconds)}");
        if (!options.LegacyRateLimitHeaders)
            return;
        headers["X-RateLimit-Limit"] = tightest.Limit.ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Remaining"] = Math.Max(0, tightest.Remaining).ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Reset"] = Math.Max(0, tightest.ResetSeconds).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The refusal of an address that has no key.</summary>
    public void WriteAddressLimit(IHeaderDictionary headers, int perMinute, int resetSeconds)
    {
        headers.AccessControlExposeHeaders = Exposed;
        headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"address-minute\";q={perMinute};w=60");
        headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"address-minute\";r=0;t={resetSeconds}");
        if (!options.LegacyRateLimitHeaders)
            return;
        headers["X-RateLimit-Limit"] = perMinute.ToString(CultureInfo.InvariantCulture);
        headers["X-RateLimit-Remaining"] = "0";
        headers["X-RateLimit-Reset"] = resetSeconds.ToString(CultureInfo.InvariantCulture);
    }

    private static void Append(StringBuilder text, in LimitState limit)
    {
        text.Append(CultureInfo.InvariantCulture, $"\"{Name(limit)}\";q={limit.Limit};w={limit.WindowSeconds}");
        if (limit.Meter == Meter.BytesOut.Code)
            text.Append(";qu=\"content-bytes\"");
    }

    private static string Name(in LimitState limit) => (limit.Meter, limit.Window) switch
    {
        (1, Window.Second) => "requests-second",
        (1, Window.Minute) => "requests-minute",
        (1, Window.Hour) => "requests-hour",
        (1, Window.Day) => "requests-day",
        (1, Window.Month) => "requests-month",
        var (meter, window) => $"{Meter.Find(meter)?.Name ?? "units"}-{(window == Window.BillingPeriod ? "billing-period" : window.ToString().ToLowerInvariant())}",
    };
}
