using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tollgate.Identity.Tokens;

/// <summary>
/// Reads the key set that an issuer publishes (RFC 7517). A key that is not for verifying one of our algorithms, or is weak or wrong, is passed over, as
/// section 5 asks: others of the set may be good. What is no key set is null.
/// </summary>
internal static class JsonWebKeys
{
    private const int MaximumBytes = 64 * 1024;
    private const int MaximumKeys = 64;

    public static JwsKeySet? Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaximumBytes || StrictJson.Object(utf8) is not { } root || !root.TryGetProperty("keys", out var keys)
            || keys.ValueKind != JsonValueKind.Array || keys.GetArrayLength() > MaximumKeys)
            return null;
        var read = new List<JwsKey>();
        foreach (var key in keys.EnumerateArray())
        {
            if (key.ValueKind == JsonValueKind.Object && ReadKey(key) is { } usable)
                read.Add(usable);
        }
        return new JwsKeySet(read);
    }

    private static JwsKey? ReadKey(JsonElement key)
    {
        // A published private key is everybody's.
        if (!IsForVerifying(key) || key.TryGetProperty("d", out _) || !StrictJson.TryText(key, "kid", out var id)
            || !StrictJson.TryText(key, "kty", out var kind) || !StrictJson.TryText(key, "alg", out var algorithm))
            return null;
        return (kind, algorithm) switch
        {
            ("EC", null or JwsAlgorithm.Es256) => ReadCurve(key) is { } curve ? new JwsKey(id, curve) : null,
            // Without a name it is RS256, which every provider must have; the same key is never taken for both paddings.
            ("RSA", null or JwsAlgorithm.Rs256) => ReadRsa(key) is { } rsa ? new JwsKey(id, rsa, pss: false) : null,
            ("RSA", JwsAlgorithm.Ps256) => ReadRsa(key) is { } rsa ? new JwsKey(id, rsa, pss: true) : null,
            _ => null,
        };
    }

    private static bool IsForVerifying(JsonElement key)
    {
        if (!StrictJson.TryText(key, "use", out var use) || use is not (null or "sig"))
            return false;
        if (!key.TryGetProperty("key_ops", out var operations))
            return true;
        return operations.ValueKind == JsonValueKind.Array && operations.EnumerateArray().Any(operation => StrictJson.Text(operation) == "verify");
    }

    private static ECDsa? ReadCurve(JsonElement key)
    {
        if (!StrictJson.TryText(key, "crv", out var name) || name != "P-256" || Bytes(key, "x") is not { Length: 32 } x || Bytes(key, "y") is not { Length: 32 } y)
            return null;
        try
        {
            // Refuses a point that is not on the curve.
            return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } });
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static RSA? ReadRsa(JsonElement key)
    {
        if (Bytes(key, "n") is not { } n || Bytes(key, "e") is not { Length: <= 8 } e)
            return null;
        var modulus = new BigInteger(n, isUnsigned: true, isBigEndian: true);
        if (!RsaStrength.IsEnough(modulus, new BigInteger(e, isUnsigned: true, isBigEndian: true)))
            return null;
        try
        {
            // Some libraries write a leading zero octet.
            return RSA.Create(new RSAParameters { Modulus = modulus.ToByteArray(isUnsigned: true, isBigEndian: true), Exponent = e });
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static byte[]? Bytes(JsonElement key, string name) =>
        StrictJson.TryText(key, name, out var text) && text is not null ? StrictBase64Url.Decode(text) : null;
}
