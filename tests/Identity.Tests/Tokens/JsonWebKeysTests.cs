using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.Tests.Tokens;

public sealed class JsonWebKeysTests : IDisposable
{
    private readonly ECDsa _curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA _rsa = RSA.Create(2048);

    public void Dispose()
    {
        _curve.Dispose();
        _rsa.Dispose();
    }

    [Fact]
    public void Read_KeysOfAProvider_VerifyWhatTheProviderSigned()
    {
        using var keys = Forge.Read(Forge.Jwk(_rsa), With(Forge.Jwk(_curve), "kid", "k2"));
        Jws.Verify(Forge.Rsa(_rsa, "RS256", RSASignaturePadding.Pkcs1), JwsKind.IdToken, keys).ShouldNotBeNull();
        Jws.Verify(Forge.Es256(_curve, """{"alg":"ES256","kid":"k2"}"""), JwsKind.IdToken, keys).ShouldNotBeNull();
        using var pss = Forge.Read(With(Forge.Jwk(_rsa), "alg", "PS256"));
        Jws.Verify(Forge.Rsa(_rsa, "PS256", RSASignaturePadding.Pss), JwsKind.IdToken, pss).ShouldNotBeNull();
    }

    [Fact]
    public void Verify_OneRsaKey_IsForOnePaddingAndOneHash()
    {
        using var pkcs1 = Forge.Read(With(Forge.Jwk(_rsa), "alg", "RS256"));
        using var pss = Forge.Read(With(Forge.Jwk(_rsa), "alg", "PS256"));
        foreach (var keys in new[] { pkcs1, pss })
        {
            var (own, other, padding) = keys == pkcs1 ? ("RS256", "PS256", RSASignaturePadding.Pss) : ("PS256", "RS256", RSASignaturePadding.Pkcs1);
            Jws.Verify(Forge.Rsa(_rsa, other, padding), JwsKind.IdToken, keys).ShouldBeNull("the other algorithm, signed right");
            Jws.Verify(Forge.Rsa(_rsa, own, padding), JwsKind.IdToken, keys).ShouldBeNull("its name on a signature of the other");
            var right = keys == pkcs1 ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss;
            Jws.Verify(Forge.Rsa(_rsa, own, right, HashAlgorithmName.SHA1), JwsKind.IdToken, keys).ShouldBeNull("SHA-1");
            Jws.Verify(Forge.Rsa(_rsa, own, right, HashAlgorithmName.SHA512), JwsKind.IdToken, keys).ShouldBeNull("SHA-512");
        }
    }

    [Fact]
    public void Verify_HmacWithThePublicKey_IsRefused()
    {
        using var keys = Forge.Read(Forge.Jwk(_rsa), With(Forge.Jwk(_curve), "kid", "k2"));
        string[] secrets =
        [
            _rsa.ExportSubjectPublicKeyInfoPem(), _rsa.ExportSubjectPublicKeyInfoPem() + "\n", _rsa.ExportRSAPublicKeyPem(), JsonSerializer.Serialize(Forge.Jwk(_rsa)),
            _curve.ExportSubjectPublicKeyInfoPem(), "",
        ];
        foreach (var secret in secrets)
        {
            foreach (var kid in new[] { "k1", "k2" })
            {
                var input = $"{Forge.Encode($$"""{"alg":"HS256","kid":"{{kid}}"}""")}.{Forge.Encode("{}")}";
                Jws.Verify($"{input}.{Forge.Encode(HMACSHA256.HashData(Encoding.ASCII.GetBytes(secret), Encoding.ASCII.GetBytes(input)))}", JwsKind.IdToken, keys).ShouldBeNull();
            }
        }
    }

    [Fact]
    public void Verify_RsaSignatureOfAnotherLength_IsRefused()
    {
        using var keys = Forge.Read(Forge.Jwk(_rsa));
        var token = Forge.Rsa(_rsa, "RS256", RSASignaturePadding.Pkcs1);
        var (input, signature) = (token[..token.LastIndexOf('.')], System.Buffers.Text.Base64Url.DecodeFromChars(token.AsSpan(token.LastIndexOf('.') + 1)));
        foreach (byte[] hostile in new byte[][] { [], signature[1..], [0, .. signature], [.. signature, 0], new byte[256], [.. new byte[255], 1], new byte[512] })
            Jws.Verify($"{input}.{Forge.Encode(hostile)}", JwsKind.IdToken, keys).ShouldBeNull();
    }

    [Fact]
    public void Verify_WithoutKeyId_OnlyIfOneKeyIsMeant()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var token = Forge.Es256(_curve, """{"alg":"ES256"}""");
        using var one = Forge.Read(Forge.Jwk(_curve), Forge.Jwk(_rsa));
        using var two = Forge.Read(Forge.Jwk(_curve), With(Forge.Jwk(other), "kid", "k2"));
        Jws.Verify(token, JwsKind.IdToken, one).ShouldNotBeNull();
        using var same = Forge.Read(Forge.Jwk(_curve), Forge.Jwk(other));
        foreach (var signer in new[] { _curve, other })
        {
            Jws.Verify(Forge.Es256(signer, """{"alg":"ES256"}"""), JwsKind.IdToken, two).ShouldBeNull();
            Jws.Verify(Forge.Es256(signer, """{"alg":"ES256","kid":"k1"}"""), JwsKind.IdToken, same).ShouldBeNull("two keys of one name");
        }
    }

    [Fact]
    public void Read_KeyThatIsNotForThis_IsPassedOver()
    {
        var point = Forge.Jwk(_curve);
        object[] unusable =
        [
            With(point, "use", "enc"), With(point, "use", 1), With(point, "key_ops", new[] { "sign" }), With(point, "key_ops", "verify"), With(point, "key_ops", Array.Empty<string>()),
            With(point, "alg", "ES384"), With(point, "alg", "HS256"), With(point, "alg", "ECDH-ES"), With(point, "alg", 1), With(point, "kty", "RSA"), With(point, "kty", "oct"),
            With(point, "kty", 1), With(point, "kid", 1), With(point, "crv", "P-384"), With(point, "crv", "secp256k1"), With(point, "crv", "p-256"), With(point, "d", "AQAB"),
            With(Forge.Jwk(_rsa), "alg", "RSA-OAEP"), With(Forge.Jwk(_rsa), "alg", "ES256"), With(Forge.Jwk(_rsa), "use", "enc"),
            new { kty = "oct", kid = "k1", alg = "HS256", k = Forge.Encode(new byte[32]) }, "k1", 1, Array.Empty<int>(), new { },
        ];
        foreach (var key in unusable)
            CountOf(key).ShouldBe(0, JsonSerializer.Serialize(key));
        using var keys = Forge.Read([.. unusable, point]);
        keys.Count.ShouldBe(1, "the one that is good is found among them");
        CountOf(With(point, "key_ops", new[] { "verify" })).ShouldBe(1);
    }

    [Fact]
    public void Read_PointThatIsNotOnTheCurve_IsPassedOver()
    {
        var x = _curve.ExportParameters(includePrivateParameters: false).Q.X!;
        object[] wrong =
        [
            With(Forge.Jwk(_curve), "y", Forge.Encode(new byte[32])), With(With(Forge.Jwk(_curve), "x", Forge.Encode(new byte[32])), "y", Forge.Encode(new byte[32])),
            With(Forge.Jwk(_curve), "x", Forge.Encode([0, .. x])), With(Forge.Jwk(_curve), "x", Forge.Encode(x.AsSpan(1))), With(Forge.Jwk(_curve), "x", Forge.Encode(x) + "="),
            With(Forge.Jwk(_curve), "x", Forge.Encode(Enumerable.Repeat((byte)0xFF, 32).ToArray())), With(Forge.Jwk(_curve), "x", 1), With(Forge.Jwk(_curve), "x", ""),
        ];
        foreach (var key in wrong)
            CountOf(key).ShouldBe(0, JsonSerializer.Serialize(key));
    }

    [Fact]
    public void Read_RsaKeyThatIsWeak_IsPassedOver()
    {
        using var small = RSA.Create(1024);
        using var almost = RSA.Create(2040);
        var n = _rsa.ExportParameters(includePrivateParameters: false).Modulus!;
        object[] weak =
        [
            Forge.Jwk(small), Forge.Jwk(almost), With(Forge.Jwk(_rsa), "e", Forge.Encode([1])), With(Forge.Jwk(_rsa), "e", Forge.Encode([3])), With(Forge.Jwk(_rsa), "e", Forge.Encode([1, 0, 0])),
            With(Forge.Jwk(_rsa), "e", ""), With(Forge.Jwk(_rsa), "e", Forge.Encode([0])), With(Forge.Jwk(_rsa), "e", Forge.Encode(n)), With(Forge.Jwk(_rsa), "n", Forge.Encode([.. n[..255], 2])),
            With(Forge.Jwk(_rsa), "n", ""), With(Forge.Jwk(_rsa), "n", Forge.Encode(new byte[256])), With(Forge.Jwk(_rsa), "n", Forge.Encode([.. n, .. n, .. n, .. n, .. n])),
            With(Forge.Jwk(small), "n", Forge.Encode([.. new byte[128], .. small.ExportParameters(includePrivateParameters: false).Modulus!])), With(Forge.Jwk(_rsa), "n", Forge.Encode(Roca())),
        ];
        foreach (var key in weak)
            CountOf(key).ShouldBe(0, JsonSerializer.Serialize(key));
        CountOf(With(Forge.Jwk(_rsa), "n", Forge.Encode([0, .. n]))).ShouldBe(1, "a leading zero octet, as some libraries write it");
    }

    [Fact]
    public void Read_WhatIsNoKeySet_IsNull()
    {
        var key = JsonSerializer.Serialize(Forge.Jwk(_curve));
        string[] wrong =
        [
            "", "[]", "null", key, "{}", """{"keys":{}}""", $$"""{"keys":[{{key}}],"keys":[]}""", $$"""{"keys":[{"kty":"RSA",{{key[1..]}}]}""", $$"""{"keys":[{{key}}]""",
            $$"""{"keys":[{{string.Join(',', Enumerable.Repeat("{}", 65))}}]}""", $$"""{"keys":[{{key}}],"x":"{{new string('x', 65536)}}"}""",
        ];
        foreach (var text in wrong)
            JsonWebKeys.Read(Encoding.UTF8.GetBytes(text)).ShouldBeNull(text.Length < 500 ? text : "a long one");
        JsonWebKeys.Read([.. Encoding.UTF8.GetBytes("""{"keys":[],"x":"""), (byte)'"', 0xFF, .. Encoding.UTF8.GetBytes("\"}")]).ShouldBeNull();
    }

    private static int CountOf(object key)
    {
        using var keys = Forge.Read(key);
        return keys.Count;
    }

    private static Dictionary<string, object> With(Dictionary<string, object> key, string name, object value) => new(key, StringComparer.Ordinal) { [name] = value };

    // A modulus of 2048 bits as the flawed library made them: a power of 65537 modulo the product of the first 126 primes.
    private static byte[] Roca()
    {
        var product = BigInteger.One;
        for (int number = 2, primes = 0; primes < 126; number++)
        {
            if (Enumerable.Range(2, (int)Math.Sqrt(number) - 1).Any(divisor => number % divisor == 0))
                continue;
            product *= number;
            primes++;
        }
        var least = BigInteger.One << 2047;
        var modulus = ((least / product) + 3) * product + BigInteger.ModPow(65537, 123456789, product);
        return modulus.ToByteArray(isUnsigned: true, isBigEndian: true);
    }
}
