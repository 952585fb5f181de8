using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Tollgate.Identity.Tokens;

namespace Tollgate.Wycheproof;

/// <summary>
/// The program has no HS256, so it refuses those tokens for their algorithm before their form matters. But the collection's tests of strict base64url are of
/// HS256: here the program takes the token apart, and this class checks the MAC. It judges the parser alone.
/// </summary>
internal static class Hmac
{
    private const string Algorithm = "HS256";

    // Where the collection contradicts itself or RFC 7515; each has been looked at. Any other difference is a wrong verdict.
    private static readonly Dictionary<(string, int), string> Errata = new()
    {
        [("json_web_signature_test.json", 367)] = "called invalid, but it is test 357 (valid) octet for octet; C2SP/wycheproof issue 236",
        [("json_web_signature_test.json", 370)] = "called invalid, but it is test 357 (valid) octet for octet; C2SP/wycheproof issue 236",
        [("json_web_signature_test.json", 372)] = "called valid, but '?' is no base64url (RFC 7515 section 5.2), and the MAC is not of what is presented",
        [("json_web_signature_test.json", 373)] = "called valid, but '?' is no base64url (RFC 7515 section 5.2), and the MAC is not of what is presented",
    };

    public static byte[]? Key(JsonElement key) =>
        key.TryGetProperty("alg", out var algorithm) && algorithm.GetString() == Algorithm && key.GetProperty("k").GetString() is { Length: >= 43 } secret
            ? Base64Url.DecodeFromChars(secret)
            : null;

    public static (bool Right, string? Erratum) Verdict(string file, int id, string token, Label label, byte[] secret)
    {
        var accepted = CompactJws.Read(token) is { Algorithm: Algorithm } jws
            && CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(secret, jws.SigningInput), jws.Signature);
        var agrees = label == Label.Acceptable || accepted == (label == Label.Valid);
        var erratum = Errata.GetValueOrDefault((file, id));
        return (agrees == (erratum is null), erratum);
    }
}
