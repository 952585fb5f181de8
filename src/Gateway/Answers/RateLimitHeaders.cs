using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Unicode;
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
    private const int UsualLength = 1024;

    private static ReadOnlySpan<byte> Exposed => "RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id"u8;

    public void Write(IHeaderDictionary headers, in AdmissionDecision decision) => Write(new ServerFields(headers), decision);

    [SkipLocalsInit]
    public void Write<T>(T answer, in AdmissionDecision decision)
        where T : struct, IAnswerFields
    {
        answer.Add("Access-Control-Expose-Headers"u8, Exposed);
        if (decision.LimitCount == 0)
            return;
        Span<byte> text = stackalloc byte[UsualLength];
        var policy = Policy(decision, text);
        if (policy < 0)
            policy = Policy(decision, text = new byte[16 * UsualLength]);
        if (policy > 0)
            answer.Add("RateLimit-Policy"u8, text[..policy]);
        if (decision.Tightest < 0 || decision.Limits[decision.Tightest].Charged)
            return;
        ref readonly var tightest = ref decision.Limits[decision.Tightest];
        var (remaining, reset) = (Math.Max(0, tightest.Remaining), Math.Max(0, tightest.ResetSeconds));
        if (Utf8.TryWrite(text, CultureInfo.InvariantCulture, $"\"{Name(decision, tightest)}\";r={remaining};t={reset}", out var length))
            answer.Add("RateLimit"u8, text[..length]);
        if (options.LegacyRateLimitHeaders)
            WriteLegacy(answer, tightest.Limit, remaining, reset);
    }

    /// <summary>The refusal of an address that has no key.</summary>
    public void WriteAddressLimit(IHeaderDictionary headers, int perMinute, int resetSeconds)
    {
        var answer = new ServerFields(headers);
        answer.Add("Access-Control-Expose-Headers"u8, Exposed);
        headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"address-minute\";q={perMinute};w=60");
        headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"address-minute\";r=0;t={resetSeconds}");
        if (options.LegacyRateLimitHeaders)
            WriteLegacy(answer, perMinute, 0, resetSeconds);
    }

    private static void WriteLegacy<T>(T answer, long limit, long remaining, long reset)
        where T : struct, IAnswerFields
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(limit, digits, out var length);
        answer.Add("X-RateLimit-Limit"u8, digits[..length]);
        Utf8Formatter.TryFormat(remaining, digits, out length);
        answer.Add("X-RateLimit-Remaining"u8, digits[..length]);
        Utf8Formatter.TryFormat(reset, digits, out length);
        answer.Add("X-RateLimit-Reset"u8, digits[..length]);
    }

    // Its length; -1 when there is no room for it.
    private int Policy(in AdmissionDecision decision, Span<byte> text)
    {
        var length = 0;
        for (var i = 0; i < decision.LimitCount; i++)
        {
            ref readonly var limit = ref decision.Limits[i];
            if (limit.Charged)
                continue;
            var unit = limit.Meter == Meter.BytesOut.Code ? ";qu=\"content-bytes\"" : "";
            if (!Utf8.TryWrite(text[length..], CultureInfo.InvariantCulture, $"{(length == 0 ? "" : ", ")}\"{Name(decision, limit)}\";q={limit.Limit};w={limit.WindowSeconds}{unit}", out var written))
                return -1;
            length += written;
        }
        return length;
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
