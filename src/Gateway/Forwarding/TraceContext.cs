using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Tollgate.Gateway.Forwarding;

/// <summary>W3C trace context: goes on with the client's trace under a span of ours, or starts one.</summary>
internal static class TraceContext
{
    private const int Length = 55;

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    public static void Continue(IHeaderDictionary headers)
    {
        var offered = headers.TraceParent;
        if (offered.Count == 1 && IsValid(offered[0]))
        {
            var text = offered[0]!;
            headers.TraceParent = string.Concat("00-", text.AsSpan(3, 33), ActivitySpanId.CreateRandom().ToHexString(), text.AsSpan(52, 3));
            return;
        }
        headers.Remove("tracestate");
        headers.TraceParent = $"00-{ActivityTraceId.CreateRandom().ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-00";
    }

    // version "-" trace-id "-" parent-id "-" flags, lower-case hex, neither id all zero; a later version may be longer.
    private static bool IsValid(string? text) =>
        text is { Length: >= Length } && (text.Length == Length || (text[Length] == '-' && !text.StartsWith("00", StringComparison.Ordinal)))
        && !text.StartsWith("ff", StringComparison.Ordinal) && text[2] == '-' && text[35] == '-' && text[52] == '-'
        && IsHex(text.AsSpan(0, 2)) && IsHex(text.AsSpan(3, 32)) && IsHex(text.AsSpan(36, 16)) && IsHex(text.AsSpan(53, 2))
        && text.AsSpan(3, 32).ContainsAnyExcept('0') && text.AsSpan(36, 16).ContainsAnyExcept('0');

    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Hex);
}
