using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tollgate.Identity.Tokens;

/// <summary>
/// Signs with ES256, verifies ES256, RS256 and PS256. The header's algorithm is compared with the key's, never obeyed; the key comes from the caller:
/// jwk, jku, x5u and x5c of a token are not read. docs/decisions/0003-own-jws.md says what is checked and how.
/// </summary>
internal static class Jws
{
    public static string Sign(ECDsa key, string keyId, string type, ReadOnlySpan<byte> payload)
    {
        var header = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>(StringComparer.Ordinal) { ["alg"] = JwsAlgorithm.Es256, ["kid"] = keyId, ["typ"] = type });
        var input = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        var signature = key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"{input}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>The payload when the token is of this kind and one of these keys signed it, else null. Never throws on hostile input.</summary>
    public static byte[]? Verify(string token, JwsKind kind, JwsKeySet keys) =>
        CompactJws.Read(token) is { } jws && kind.Admits(jws)
            && keys.Find(jws.KeyId, jws.Algorithm) is { } key && key.Verifies(jws.SigningInput, jws.Signature)
            ? jws.Payload
            : null;
}
