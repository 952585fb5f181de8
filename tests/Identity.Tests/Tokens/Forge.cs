using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.Tests.Tokens;

/// <summary>Makes tokens with any header and payload, signed right unless a test says otherwise.</summary>
internal static class Forge
{
    public const string KeyId = "k1";

    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    public static string Encode(string text) => Encode(Encoding.UTF8.GetBytes(text));

    public static string Es256(ECDsa key, string header, string payload = "{}") => Es256(key, Encoding.UTF8.GetBytes(header), payload);

    public static string Es256(ECDsa key, byte[] header, string payload = "{}") => SignedAs(key, $"{Encode(header)}.{Encode(payload)}");

    /// <summary>Signs what is given as it is, well-formed or not.</summary>
    public static string SignedAs(ECDsa key, string input) => $"{input}.{Encode(key.SignData(Encoding.UTF8.GetBytes(input), HashAlgorithmName.SHA256))}";

    public static string Rsa(RSA key, string algorithm, RSASignaturePadding padding, HashAlgorithmName? hash = null)
    {
        var input = $"{Encode($$"""{"alg":"{{algorithm}}","kid":"{{KeyId}}"}""")}.{Encode("{}")}";
        return $"{input}.{Encode(key.SignData(Encoding.ASCII.GetBytes(input), hash ?? HashAlgorithmName.SHA256, padding))}";
    }

    public static Dictionary<string, object> Jwk(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new(StringComparer.Ordinal) { ["kty"] = "EC", ["crv"] = "P-256", ["kid"] = KeyId, ["x"] = Encode(point.X), ["y"] = Encode(point.Y) };
    }

    public static Dictionary<string, object> Jwk(RSA key)
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return new(StringComparer.Ordinal) { ["kty"] = "RSA", ["kid"] = KeyId, ["n"] = Encode(parameters.Modulus), ["e"] = Encode(parameters.Exponent) };
    }

    public static JwsKeySet Read(params object[] keys) => JsonWebKeys.Read(JsonSerializer.SerializeToUtf8Bytes(new { keys }))!;
}
