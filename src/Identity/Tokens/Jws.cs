using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tollgate.Identity.Tokens;

/// <summary>
/// Compact JWS (RFC 7515) with ES256 only. The header's algorithm is compared, never obeyed; jku, x5u, jwk and crit are not honoured: the key comes
/// from the caller. docs/decisions/0003-own-jws.md names the library that will replace this file.
/// </summary>
internal static class Jws
{
    private const int MaximumLength = 8 * 1024;

    public static string Sign(ECDsa key, string keyId, string type, ReadOnlySpan<byte> payload)
    {
        var header = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>(StringComparer.Ordinal) { ["alg"] = "ES256", ["kid"] = keyId, ["typ"] = type });
        var input = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        var signature = key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"{input}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>The payload when type, algorithm, key id and signature are right, else null. Never throws on hostile input.</summary>
    public static byte[]? Verify(string token, string type, Func<string, ECDsa?> keyOf)
    {
        if (token.Length > MaximumLength)
            return null;
        var parts = token.Split('.');
        if (parts.Length != 3)
            return null;
        try
        {
            if (KeyId(Base64Url.DecodeFromChars(parts[0]), type) is not { } keyId || keyOf(keyId) is not { } key)
                return null;
            var signature = Base64Url.DecodeFromChars(parts[2]);
            var input = Encoding.ASCII.GetBytes(token.AsSpan(0, parts[0].Length + 1 + parts[1].Length).ToArray());
            return signature.Length == 64 && key.VerifyData(input, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
                ? Base64Url.DecodeFromChars(parts[1])
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException or CryptographicException)
        {
            return null;
        }
    }

    private static string? KeyId(byte[] header, string type)
    {
        using var document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 4 });
        var root = document.RootElement;
        return root.ValueKind == JsonValueKind.Object && Text(root, "alg") == "ES256" && Text(root, "typ") == type && !root.TryGetProperty("crit", out _)
            ? Text(root, "kid")
            : null;
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
