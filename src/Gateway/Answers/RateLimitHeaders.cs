using System.Globalization;
using System.Runtime.CompilerServices;
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
internal sealed class RateLimitHeaders(GatewayOptions options, IAdmission admission)
{
    private const string Exposed = "RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id";

    public void Write(IHeaderDictionary headers, in AdmissionDecision decision)
    {
        headers.AccessControlExposeHeaders = headers.AccessControlExposeHeaders is { Count: > 0 } upstream ? $"{upstream}, {Exposed}" : Exposed;
        if (decision.LimitCount == 0)
            return;
        if (Policy(decision) is { Length: > 0 } policy)
            headers["RateLimit-Policy"] = policy;
        if (decision.Tightest < 0 || decision.Limits[decision.Tightest].Charged)
            return;
        ref readonly var tightest = ref decision.Limits[decision.Tightest];
        var (remaining, reset) = (Math.Max(0, tightest.Remaining), Math.Max(0, tightest.ResetSeconds));
        headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{Name(decision, tightest)}\";r={remaining};t={reset}");
        if (!options.LegacyRateLimitHeaders)
            return;
        headers["X-RateLimit-Limit"] = Text(tightest.Limit);
        headers["X-RateLimit-Remaining"] = Text(remaining);
        headers["X-RateLimit-Reset"] = Text(reset);
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

    // The same for every call of a plan within a window, so it is made once.
    private string Policy(in AdmissionDecision decision)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[256]);
        for (var i = 0; i < decision.LimitCount; i++)
        {
            ref readonly var limit = ref decision.Limits[i];
            if (limit.Charged)
                continue;
            text.AppendLiteral(text.Text.Length == 0 ? "\"" : ", \"");
            text.AppendLiteral(Name(decision, limit));
            text.AppendLiteral("\";q=");
            text.AppendFormatted(limit.Limit);
            text.AppendLiteral(";w=");
            text.AppendFormatted(limit.WindowSeconds);
            if (limit.Meter == Meter.BytesOut.Code)
                text.AppendLiteral(";qu=\"content-bytes\"");
        }
        var policy = StringCache.Shared.Get(text.Text);
        text.Clear();
        return policy;
    }

    private static string Text(long number)
    {
        Span<char> digits = stackalloc char[20];
        number.TryFormat(digits, out var length, provider: CultureInfo.InvariantCulture);
        return StringCache.Shared.Get(digits[..length]);
    }

    private string Name(in AdmissionDecision decision, in LimitState limit) => limit.OfProduct ? $"api-{limit.Window.ToString().ToLowerInvariant()}" : (limit.Meter, limit.Window) switch
    {
        (1, Window.Second) => "requests-second",
        (1, Window.Minute) => "requests-minute",
        (1, Window.Hour) => "requests-hour",
        (1, Window.Day) => "requests-day",
        (1, Window.Month) => "requests-month",
        var (meter, window) => $"{admission.MeterName(decision, meter) ?? "units"}-{(window == Window.BillingPeriod ? "billing-period" : window.ToString().ToLowerInvariant())}",
    };
}
