using System.Buffers;
using Microsoft.AspNetCore.Http;
using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Forwarding;

/// <summary>W3C trace context: goes on with the client's trace under a span of ours, or starts one.</summary>
internal static class TraceContext
{
    private const int Length = 55;

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    public static void Write(HeadBuffer head, IHeaderDictionary headers)
    {
        var offered = headers.TraceParent;
        var valid = offered.Count == 1 && IsValid(offered[0]);
        head.Add("traceparent: 00-"u8);
        if (valid)
            head.Add(offered[0].AsSpan(3, 33));
        else
        {
            AddRandom(head);
            AddRandom(head);
            head.Add("-"u8);
        }
        AddRandom(head);
        if (valid)
            head.Add(offered[0].AsSpan(52, 3));
        else
            head.Add("-00"u8);
        head.EndLine();
        if (valid)
            foreach (var state in headers.TraceState)
                head.Field("tracestate", state);
    }

    /// <summary>The same on the headers themselves, for the forwarder that reads them from there.</summary>
    public static void Continue(IHeaderDictionary headers)
    {
        var head = new HeadBuffer();
        Write(head, headers);
        var line = head.Written.Span["traceparent: ".Length..];
        headers.TraceParent = System.Text.Encoding.ASCII.GetString(line[..Length]);
        if (head.Written.Span.IndexOf("tracestate"u8) < 0)
            headers.Remove("tracestate");
    }

    // Sixteen hex digits; an id of zeros alone would be invalid.
    private static void AddRandom(HeadBuffer head)
    {
        var id = Random.Shared.NextInt64(1, long.MaxValue);
        id.TryFormat(head.Room(16), out var length, "x16", System.Globalization.CultureInfo.InvariantCulture);
        head.Advance(length);
    }

    // version "-" trace-id "-" parent-id "-" flags, lower-case hex, neither id all zero; a later version may be longer.
    private static bool IsValid(string? text) =>
        text is { Length: >= Length } && (text.Length == Length || (text[Length] == '-' && !text.StartsWith("00", StringComparison.Ordinal)))
        && !text.StartsWith("ff", StringComparison.Ordinal) && text[2] == '-' && text[35] == '-' && text[52] == '-'
        && IsHex(text.AsSpan(0, 2)) && IsHex(text.AsSpan(3, 32)) && IsHex(text.AsSpan(36, 16)) && IsHex(text.AsSpan(53, 2))
        && text.AsSpan(3, 32).ContainsAnyExcept('0') && text.AsSpan(36, 16).ContainsAnyExcept('0');

    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Hex);
}
