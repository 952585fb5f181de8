using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.Tests.Tokens;

public sealed class RfcVectorTests
{
    [Theory]
    [InlineData(RfcVectors.A2Rs256, RfcVectors.A2Key, "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}")]
    [InlineData(RfcVectors.A3Es256, RfcVectors.A3Key, "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}")]
    [InlineData(RfcVectors.Cookbook41Rs256, RfcVectors.CookbookRsaKey, "It\u2019s a dangerous business, Frodo, going out your door. You step onto the road, "
        + "and if you don't keep your feet, there\u2019s no knowing where you might be swept off to.")]
    [InlineData(RfcVectors.Cookbook48Rs256, RfcVectors.CookbookRsaKey, "It\u2019s a dangerous business, Frodo, going out your door. You step onto the road, "
        + "and if you don't keep your feet, there\u2019s no knowing where you might be swept off to.")]
    public void Verify_ExampleOfAnAlgorithmThatWeHave_GivesThePayload(string token, string key, string payload)
    {
        using var keys = Keys(key);
        Encoding.UTF8.GetString(Jws.Verify(token, JwsKind.IdToken, keys)!).ShouldBe(payload);
        Jws.Verify(token, JwsKind.AccessToken, keys).ShouldBeNull("it does not say that it is an access token of ours");
    }

    [Theory]
    [InlineData(RfcVectors.A2Rs256, RfcVectors.A2Key)]
    [InlineData(RfcVectors.A3Es256, RfcVectors.A3Key)]
    [InlineData(RfcVectors.Cookbook41Rs256, RfcVectors.CookbookRsaKey)]
    [InlineData(RfcVectors.Cookbook48Rs256, RfcVectors.CookbookRsaKey)]
    public void Verify_ExampleWithOneOctetChanged_IsRefused(string token, string key)
    {
        using var keys = Keys(key);
        var parts = token.Split('.');
        for (var part = 0; part < 3; part++)
        {
            var changed = parts.ToArray();
            var bytes = Base64Url.DecodeFromChars(parts[part]);
            bytes[bytes.Length / 2] ^= 1;
            changed[part] = Base64Url.EncodeToString(bytes);
            Jws.Verify(string.Join('.', changed), JwsKind.IdToken, keys).ShouldBeNull($"part {part}");
        }
    }

    // Each is genuine, which is shown beside it: it is refused for its algorithm alone.
    [Fact]
    public void Verify_GenuineExampleOfAnotherAlgorithm_IsRefused()
    {
        IsGenuineHmac(RfcVectors.A1Hs256, RfcVectors.A1Key).ShouldBeTrue();
        Refused(RfcVectors.A1Hs256, $$"""{"kty":"oct","k":"{{RfcVectors.A1Key}}"}""");
        IsGenuineHmac(RfcVectors.Cookbook44Hs256, RfcVectors.CookbookSecret).ShouldBeTrue();
        Refused(RfcVectors.Cookbook44Hs256, $$"""{"kty":"oct","alg":"HS256","k":"{{RfcVectors.CookbookSecret}}"}""");
        IsGenuineCurve(RfcVectors.A4Es512, RfcVectors.A4Key).ShouldBeTrue();
        Refused(RfcVectors.A4Es512, RfcVectors.A4Key);
        IsGenuineCurve(RfcVectors.Cookbook43Es512, RfcVectors.CookbookCurveKey).ShouldBeTrue();
        Refused(RfcVectors.Cookbook43Es512, RfcVectors.CookbookCurveKey);
        IsGenuineHmac(RfcVectors.Cookbook46Hs256, RfcVectors.CookbookSecret).ShouldBeTrue();
        Refused(RfcVectors.Cookbook46Hs256, $$"""{"kty":"oct","alg":"HS256","k":"{{RfcVectors.CookbookSecret}}"}""");
        IsGenuinePss384(RfcVectors.Cookbook42Ps384, RfcVectors.CookbookRsaKey).ShouldBeTrue();
        Refused(RfcVectors.Cookbook42Ps384, RfcVectors.CookbookRsaKey);
        Refused(RfcVectors.Cookbook42Ps384, RfcVectors.CookbookRsaKey.Replace("\"use\"", "\"alg\":\"PS256\",\"use\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Verify_UnsecuredDetachedAndJsonSerialization_AreRefused()
    {
        Refused(RfcVectors.A5None, RfcVectors.A3Key);
        Refused(RfcVectors.Cookbook45Detached, RfcVectors.A3Key);
        var parts = RfcVectors.A3Es256.Split('.');
        Refused($$"""{"payload":"{{parts[1]}}","protected":"{{parts[0]}}","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"{{parts[2]}}"}""", RfcVectors.A3Key);
        Refused($$"""{"payload":"{{parts[1]}}","signatures":[{"protected":"{{parts[0]}}","signature":"{{parts[2]}}"}]}""", RfcVectors.A3Key);
    }

    // Genuine too, signature by signature, and nothing that has a compact form.
    [Fact]
    public void Verify_FieldsThatNothingProtectsAndSeveralSignatures_AreRefused()
    {
        IsGenuineHmac(RfcVectors.Cookbook47Hs256, RfcVectors.CookbookSecret).ShouldBeTrue();
        IsGenuineCurve(RfcVectors.Cookbook48Es512, RfcVectors.CookbookCurveKey).ShouldBeTrue();
        Refused(RfcVectors.Cookbook47Hs256, RfcVectors.CookbookRsaKey);
        Refused(RfcVectors.Cookbook48Es512, RfcVectors.CookbookCurveKey);
        string[] Part(string token) => token.Split('.');
        string Entry(string token, string header) => Part(token)[0].Length == 0
            ? $$"""{"header":{{header}},"signature":"{{Part(token)[2]}}"}"""
            : $$"""{"protected":"{{Part(token)[0]}}","header":{{header}},"signature":"{{Part(token)[2]}}"}""";
        string All(params string[] entries) => $$"""{"payload":"{{Part(RfcVectors.Cookbook48Rs256)[1]}}","signatures":[{{string.Join(',', entries)}}]}""";
        const string kid = """{"kid":"bilbo.baggins@hobbiton.example"}""";
        Refused(All(Entry(RfcVectors.Cookbook46Hs256, """{"kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037"}""")), RfcVectors.CookbookRsaKey);
        Refused(All(Entry(RfcVectors.Cookbook48Rs256, kid), Entry(RfcVectors.Cookbook48Es512, """{"alg":"ES512"}"""), Entry(RfcVectors.Cookbook44Hs256, "{}")), RfcVectors.CookbookRsaKey);
        // RFC 7515, A.6, both signatures.
        Refused($$"""{"payload":"{{Part(RfcVectors.A2Rs256)[1]}}","signatures":[{{Entry(RfcVectors.A2Rs256, kid)}},{{Entry(RfcVectors.A3Es256, kid)}}]}""", RfcVectors.A2Key);
    }

    private static void Refused(string token, string key)
    {
        using var keys = Keys(key);
        Jws.Verify(token, JwsKind.IdToken, keys).ShouldBeNull();
    }

    private static JwsKeySet Keys(string key) => JsonWebKeys.Read(Encoding.UTF8.GetBytes($$"""{"keys":[{{key}}]}"""))!;

    private static (byte[] Input, byte[] Signature) Split(string token)
    {
        var end = token.LastIndexOf('.');
        return (Encoding.ASCII.GetBytes(token[..end]), Base64Url.DecodeFromChars(token.AsSpan(end + 1)));
    }

    private static byte[] Member(string key, string name)
    {
        using var document = JsonDocument.Parse(key);
        return Base64Url.DecodeFromChars(document.RootElement.GetProperty(name).GetString());
    }

    private static bool IsGenuineHmac(string token, string secret)
    {
        var (input, signature) = Split(token);
        return HMACSHA256.HashData(Base64Url.DecodeFromChars(secret), input).AsSpan().SequenceEqual(signature);
    }

    private static bool IsGenuineCurve(string token, string key)
    {
        var (input, signature) = Split(token);
        using var curve = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP521, Q = new ECPoint { X = Member(key, "x"), Y = Member(key, "y") } });
        return curve.VerifyData(input, signature, HashAlgorithmName.SHA512);
    }

    private static bool IsGenuinePss384(string token, string key)
    {
        var (input, signature) = Split(token);
        using var rsa = RSA.Create(new RSAParameters { Modulus = Member(key, "n"), Exponent = Member(key, "e") });
        return rsa.VerifyData(input, signature, HashAlgorithmName.SHA384, RSASignaturePadding.Pss);
    }
}
