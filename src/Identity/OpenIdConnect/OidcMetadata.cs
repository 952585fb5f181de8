using System.Text.Json;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.OpenIdConnect;

/// <summary>What a provider publishes about itself (OpenID Connect Discovery 1.0, 3), as far as it is used.</summary>
internal sealed record OidcMetadata(Uri Authorization, Uri Token, Uri Keys, bool SecretInBody)
{
    /// <summary>Null when it is another issuer's, lacks something, or would send secrets in the clear.</summary>
    public static OidcMetadata? Read(ReadOnlySpan<byte> utf8, OidcProvider provider)
    {
        if (StrictJson.Object(utf8) is not { } root || !StrictJson.TryText(root, "issuer", out var issuer) || !string.Equals(issuer, provider.Issuer, StringComparison.Ordinal))
            return null;
        return Address(root, "authorization_endpoint") is { } authorization && Address(root, "token_endpoint") is { } token && Address(root, "jwks_uri") is { } keys
            ? new OidcMetadata(authorization, token, keys, OnlyTakesSecretInBody(root))
            : null;
    }

    private static Uri? Address(JsonElement root, string name) =>
        StrictJson.TryText(root, name, out var text) && Uri.TryCreate(text, UriKind.Absolute, out var address) && OidcProvider.IsSafe(address) ? address : null;

    // Without the member it is client_secret_basic.
    private static bool OnlyTakesSecretInBody(JsonElement root)
    {
        if (!root.TryGetProperty("token_endpoint_auth_methods_supported", out var methods) || methods.ValueKind != JsonValueKind.Array)
            return false;
        var names = methods.EnumerateArray().Select(StrictJson.Text).ToList();
        return !names.Contains("client_secret_basic") && names.Contains("client_secret_post");
    }
}
