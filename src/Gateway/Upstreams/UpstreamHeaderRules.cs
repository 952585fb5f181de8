using System.Collections.Frozen;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Upstreams;

/// <summary>
/// Which headers a provider may have sent to its upstream. Those that frame a message, belong to one connection, name the host (that is the address's
/// matter) or are set by the gateway itself are not its to set.
/// </summary>
internal static class UpstreamHeaderRules
{
    public const int Maximum = 20;
    public const int MaximumName = 100;
    public const int MaximumValue = 4096;

    private static readonly FrozenSet<string> Reserved = FrozenSet.ToFrozenSet(
    [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length", "content-encoding", "host", "expect",
        "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "x-real-ip", "x-request-id", "traceparent", "tracestate",
    ], StringComparer.OrdinalIgnoreCase);

    private static readonly string[] ReservedPrefixes = ["proxy-", "tollgate-", "x-tollgate-", "sec-websocket-"];

    public static void Validate(Errors errors, string path, string? name, string? value)
    {
        if (string.IsNullOrEmpty(name) || name.Length > MaximumName || !name.All(IsToken))
            errors.Add($"{path}.name", "HEADER_NAME_INVALID", $"A header's name has 1 to {MaximumName} letters, digits or - _ . and the like.");
        else if (Reserved.Contains(name) || Array.Exists(ReservedPrefixes, prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
            errors.Add($"{path}.name", "HEADER_RESERVED", $"'{name}' is set by the gateway or belongs to the connection.");
        if (value is null)
            return;
        errors.Check(value.Length <= MaximumValue, $"{path}.value", "TOO_LONG", $"At most {MaximumValue} characters are allowed.");
        errors.Check(value.All(c => c is >= ' ' and < '\x7f' or '\t') && value == value.Trim(), $"{path}.value", "HEADER_VALUE_INVALID",
            "A header's value is printable ASCII, without line breaks and without spaces around it.");
    }

    private static bool IsToken(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);
}
