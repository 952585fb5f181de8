using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.Tests.Tokens;

/// <summary>Tokens signed with the right key whose header is hostile: the signature is never what refuses them.</summary>
public sealed class HostileHeaderTests : IDisposable
{
    private const string Right = """{"alg":"ES256","kid":"k1","typ":"at+jwt"}""";
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly JwsKeySet _keys;

    public HostileHeaderTests() => _keys = new JwsKeySet([new JwsKey(Forge.KeyId, _key)]);

    public void Dispose() => _keys.Dispose();

    [Fact]
    public void Verify_TheHeaderThatTheOthersAreMadeFrom_IsAccepted()
    {
        Jws.Verify(Forge.Es256(_key, Right), JwsKind.AccessToken, _keys).ShouldBe("{}"u8.ToArray());
        Jws.Verify(Jws.Sign(_key, Forge.KeyId, "at+jwt", "{}"u8), JwsKind.AccessToken, _keys).ShouldBe("{}"u8.ToArray());
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("NONE")]
    [InlineData("nOnE")]
    [InlineData("")]
    [InlineData("es256")]
    [InlineData("ES256 ")]
    [InlineData("ES256K")]
    [InlineData("ES384")]
    [InlineData("HS256")]
    [InlineData("RS256")]
    [InlineData("PS256")]
    [InlineData("EdDSA")]
    [InlineData("ES256\\u0000")]
    public void Verify_AnotherAlgorithm_IsRefusedSignedOrNot(string algorithm)
    {
        var token = Forge.Es256(_key, Right.Replace("ES256", algorithm, StringComparison.Ordinal));
        Refused(token);
        Refused(token[..(token.LastIndexOf('.') + 1)]);
    }

    [Theory]
    [InlineData("""{"kid":"k1","typ":"at+jwt"}""")]
    [InlineData("""{"alg":null,"kid":"k1","typ":"at+jwt"}""")]
    [InlineData("""{"alg":["ES256"],"kid":"k1","typ":"at+jwt"}""")]
    [InlineData("""{"alg":{"ES256":1},"kid":"k1","typ":"at+jwt"}""")]
    [InlineData("""{"ALG":"ES256","kid":"k1","typ":"at+jwt"}""")]
    [InlineData("""{"alg":"none","alg":"ES256","kid":"k1","typ":"at+jwt"}""")]
    [InlineData("""{"alg":"ES256","alg":"none","kid":"k1","typ":"at+jwt"}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"at+jwt","\u0061lg":"ES256"}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","kid":"k1","typ":"at+jwt"}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"at+jwt","x":{"a":1,"a":2}}""")]
    public void Verify_AlgorithmMissingOfTheWrongTypeOrTwice_IsRefused(string header) => Refused(Forge.Es256(_key, header));

    [Theory]
    [InlineData("\"crit\":[\"exp\"],\"exp\":1")]
    [InlineData("\"crit\":[\"b64\"],\"b64\":false")]
    [InlineData("\"crit\":[\"b64\"],\"b64\":true")]
    [InlineData("\"crit\":[]")]
    [InlineData("\"crit\":null")]
    [InlineData("\"b64\":false")]
    public void Verify_DemandThatWeDoNotMeet_IsRefused(string member) => Refused(Forge.Es256(_key, Right[..^1] + "," + member + "}"));

    [Fact]
    public void Verify_PayloadThatIsNotEncoded_IsRefused() =>
        Refused(Forge.SignedAs(_key, Forge.Encode("""{"alg":"ES256","kid":"k1","typ":"at+jwt","b64":false,"crit":["b64"]}""") + ".{}"));

    [Theory]
    [InlineData("../../../../dev/null")]
    [InlineData("k1' OR '1'='1")]
    [InlineData("k1\\u0000")]
    [InlineData("K1")]
    [InlineData(" k1")]
    [InlineData("https://attacker.example/key")]
    [InlineData("")]
    public void Verify_KeyIdThatIsNotOurs_IsRefused(string keyId) => Refused(Forge.Es256(_key, Right.Replace("k1", keyId, StringComparison.Ordinal)));

    [Theory]
    [InlineData("""{"alg":"ES256","typ":"at+jwt"}""")]
    [InlineData("""{"alg":"ES256","kid":null,"typ":"at+jwt"}""")]
    [InlineData("""{"alg":"ES256","kid":1,"typ":"at+jwt"}""")]
    [InlineData("""{"alg":"ES256","kid":["k1"],"typ":"at+jwt"}""")]
    [InlineData("""{"alg":"ES256","kid":"k1"}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":null}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":7}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"JWT"}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"AT+JWT"}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"logout+jwt"}""")]
    public void Verify_KeyIdOrTypeMissingOrWrong_IsNoAccessToken(string header) => Refused(Forge.Es256(_key, header));

    [Theory]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"at+jwt"}""", false)]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"logout+jwt"}""", false)]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":7}""", false)]
    [InlineData("""{"alg":"ES256","kid":7,"typ":"JWT"}""", false)]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"jwt"}""", true)]
    [InlineData("""{"alg":"ES256"}""", true)]
    public void Verify_IdToken_MayLeaveTypeAndKeyIdOutButNotSayAnother(string header, bool accepted) =>
        (Jws.Verify(Forge.Es256(_key, header), JwsKind.IdToken, _keys) is not null).ShouldBe(accepted);

    [Fact]
    public void Verify_TokenWithTheAttackersOwnKey_IsRefused()
    {
        using var attacker = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var jwk = JsonSerializer.Serialize(Forge.Jwk(attacker));
        foreach (var member in new[] { $"\"jwk\":{jwk}", "\"jku\":\"https://attacker.example/jwks\"", "\"x5u\":\"https://attacker.example/chain\"", "\"x5c\":[\"MIIB\"]" })
        {
            var header = Right[..^1] + "," + member + "}";
            Refused(Forge.Es256(attacker, header));
            Jws.Verify(Forge.Es256(_key, header), JwsKind.AccessToken, _keys).ShouldNotBeNull("what is not read does no harm either");
        }
    }

    // What everybody may know, used as if it were a secret: the algorithm is the key's, so no HMAC is ever computed.
    [Theory]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    public void Verify_HmacWithThePublicKey_IsRefused(string algorithm)
    {
        using var rsa = RSA.Create(2048);
        using var rsaKeys = Forge.Read(Forge.Jwk(rsa));
        using var curveKeys = Forge.Read(Forge.Jwk(_key));
        Jws.Verify(Forge.Rsa(rsa, "RS256", RSASignaturePadding.Pkcs1), JwsKind.IdToken, rsaKeys).ShouldNotBeNull();
        Jws.Verify(Forge.Es256(_key, Right), JwsKind.AccessToken, curveKeys).ShouldNotBeNull();
        foreach (var (keys, forms) in new[] { (rsaKeys, PublicForms(rsa, Forge.Jwk(rsa))), (curveKeys, PublicForms(_key, Forge.Jwk(_key))), (_keys, PublicForms(_key, Forge.Jwk(_key))) })
            foreach (var secret in forms)
            {
                var input = $"{Forge.Encode(Right.Replace("ES256", algorithm, StringComparison.Ordinal))}.{Forge.Encode("{}")}";
                var bytes = Encoding.ASCII.GetBytes(input);
                var mac = algorithm switch { "HS256" => HMACSHA256.HashData(secret, bytes), "HS384" => HMACSHA384.HashData(secret, bytes), _ => HMACSHA512.HashData(secret, bytes) };
                foreach (var kind in new[] { JwsKind.AccessToken, JwsKind.IdToken })
                    Jws.Verify($"{input}.{Forge.Encode(mac)}", kind, keys).ShouldBeNull();
            }
    }

    private static IEnumerable<byte[]> PublicForms(AsymmetricAlgorithm key, Dictionary<string, object> jwk) =>
    [
        key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()), Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem() + "\n"),
        JsonSerializer.SerializeToUtf8Bytes(jwk), Encoding.ASCII.GetBytes((string)jwk[jwk.ContainsKey("n") ? "n" : "x"]), [],
    ];

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"ES256\"")]
    [InlineData("{")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"at+jwt",}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"at+jwt"}{}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"at+jwt"}/**/""")]
    [InlineData("\uFEFF{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"\ud800"}""")]
    [InlineData("""{"alg":"ES256","kid":"\udc00","typ":"at+jwt"}""")]
    [InlineData("""{"alg":"\ud800","kid":"k1","typ":"at+jwt"}""")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"at+jwt","\ud800":1}""")]
    public void Verify_HeaderThatIsNoJsonObject_IsRefused(string header) => Refused(Forge.Es256(_key, header));

    [Theory]
    [InlineData(0xFF)]
    [InlineData(0xC0)]
    [InlineData(0xED)]
    public void Verify_HeaderThatIsNoUtf8_IsRefused(byte octet)
    {
        foreach (var member in new[] { "at+jwt", "k1", "ES256", "typ" })
        {
            var header = Encoding.UTF8.GetBytes(Right);
            header[Right.IndexOf(member, StringComparison.Ordinal)] = octet;
            Refused(Forge.Es256(_key, header));
        }
    }

    [Fact]
    public void Verify_HeaderThatIsDeep_IsRefused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 1000)) + string.Concat(Enumerable.Repeat("]", 1000));
        Refused(Forge.Es256(_key, Right[..^1] + ",\"x\":" + deep + "}"));
    }

    private void Refused(string token) => Jws.Verify(token, JwsKind.AccessToken, _keys).ShouldBeNull(token);
}
