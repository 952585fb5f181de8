using System.Text.Json;

namespace Tollgate.Identity.Tokens;

/// <summary>The claims of a JWT (RFC 7519) whose signature is verified. A claim of the wrong type is never passed over as if it were absent.</summary>
internal sealed class JwtClaims
{
    // 9999-12-31, the last day that the framework has; what is later or no number was not written by an honest clock.
    private const double LatestSecond = 253_402_300_799;

    private readonly JsonElement _root;

    private JwtClaims(JsonElement root) => _root = root;

    public static JwtClaims? Read(ReadOnlySpan<byte> payload) => StrictJson.Object(payload) is { } root ? new JwtClaims(root) : null;

    /// <summary>Null when it is absent or no text.</summary>
    public string? Text(string name) => StrictJson.TryText(_root, name, out var text) ? text : null;

    /// <summary>Only when it says so, as a boolean or, as some providers write it, as text.</summary>
    public bool Flag(string name) => _root.TryGetProperty(name, out var value) && (value.ValueKind == JsonValueKind.True || StrictJson.Text(value) == "true");

    /// <summary>From this issuer, for this audience and nobody else, and now; a token that never expires is refused.</summary>
    public bool Hold(string issuer, string audience, DateTimeOffset now, TimeSpan leeway)
    {
        if (!string.Equals(Text("iss"), issuer, StringComparison.Ordinal) || !IsOnlyFor(audience))
            return false;
        if (!TryTime("exp", out var expires) || !TryTime("nbf", out var notBefore) || !TryTime("iat", out _))
            return false;
        var seconds = now.ToUnixTimeMilliseconds() / 1000.0;
        return expires is not null && seconds < expires + leeway.TotalSeconds && (notBefore is null || seconds >= notBefore - leeway.TotalSeconds);
    }

    // A token that names others too is theirs to use as well.
    private bool IsOnlyFor(string audience)
    {
        if (!_root.TryGetProperty("aud", out var value))
            return false;
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 1)
            value = value[0];
        return string.Equals(StrictJson.Text(value), audience, StringComparison.Ordinal);
    }

    // False when the claim is there and is no time; one that is absent is null. RFC 7519 allows fractions.
    private bool TryTime(string name, out double? seconds)
    {
        seconds = null;
        if (!_root.TryGetProperty(name, out var value))
            return true;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || number is not (>= 0 and <= LatestSecond))
            return false;
        seconds = number;
        return true;
    }
}
