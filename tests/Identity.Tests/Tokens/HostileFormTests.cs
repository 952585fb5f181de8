using System.Security.Cryptography;
using System.Text;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.Tests.Tokens;

/// <summary>Tokens that are right but for how they are written: parts, base64url and the form of the signature.</summary>
public sealed class HostileFormTests : IDisposable
{
    private const string Header = """{"alg":"ES256","kid":"k1","typ":"at+jwt"}""";
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly JwsKeySet _keys;

    public HostileFormTests() => _keys = new JwsKeySet([new JwsKey(Forge.KeyId, _key)]);

    public void Dispose() => _keys.Dispose();

    [Fact]
    public void Verify_WrongNumberOfParts_IsRefused()
    {
        var token = Forge.Es256(_key, Header);
        var parts = token.Split('.');
        string[] hostile =
        [
            "", ".", "..", "...", "....", parts[0], $"{parts[0]}.{parts[1]}", $"{parts[0]}.{parts[1]}.", $"..{parts[2]}", $".{parts[1]}.{parts[2]}", $"{parts[0]}..{parts[2]}",
            $"{token}.", $".{token}", $"{token}.{parts[2]}", $"{token}..", $"{parts[0]}.{parts[1]}..{parts[2]}", $"{parts[0]}.{parts[2]}.{parts[1]}", $"{token}.a.b", new('.', 8000),
        ];
        foreach (var one in hostile)
            Refused(one);
    }

    // A JWE is no JWS, whoever could decrypt it (RFC 7516, 3.1: five parts, of which some may be empty).
    [Theory]
    [InlineData("""{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"k1"}""", "a2V5", "aXY", "dGV4dA", "dGFn")]
    [InlineData("""{"alg":"dir","enc":"A128GCM","kid":"k1","typ":"at+jwt"}""", "", "aXY", "dGV4dA", "dGFn")]
    [InlineData("""{"alg":"ES256","enc":"A256GCM","kid":"k1","typ":"at+jwt"}""", "", "", "", "")]
    [InlineData("""{"alg":"PBES2-HS256+A128KW","p2c":2147483647,"p2s":"c2FsdA","enc":"A128GCM","kid":"k1"}""", "a2V5", "aXY", "dGV4dA", "dGFn")]
    public void Verify_WhatIsEncrypted_IsRefused(string header, params string[] parts)
    {
        Refused($"{Forge.Encode(header)}.{string.Join('.', parts)}");
        Refused(Forge.SignedAs(_key, $"{Forge.Encode(header)}.{string.Join('.', parts)}"));
        Jws.Verify($"{Forge.Encode(header)}.{string.Join('.', parts)}", JwsKind.IdToken, _keys).ShouldBeNull();
    }

    [Fact]
    public void Verify_EmptyPayload_IsAJwsButNoJwt()
    {
        var payload = Jws.Verify(Forge.Es256(_key, Header, ""), JwsKind.AccessToken, _keys);
        payload.ShouldBe([]);
        JwtClaims.Read(payload).ShouldBeNull();
    }

    [Theory]
    [InlineData("=")]
    [InlineData("==")]
    [InlineData(" ")]
    [InlineData("\t")]
    [InlineData("\r\n")]
    [InlineData("\0")]
    [InlineData("?")]
    [InlineData("\u00e9")]
    [InlineData("\uff21")]
    [InlineData("\ufffd")]
    public void Verify_SomethingAddedToAPart_IsRefusedEvenIfItIsSigned(string added)
    {
        var parts = Forge.Es256(_key, Header).Split('.');
        foreach (var signature in new[] { added + parts[2], parts[2] + added, parts[2].Insert(40, added) })
            Refused($"{parts[0]}.{parts[1]}.{signature}");
        foreach (var input in new[] { $"{parts[0]}{added}.{parts[1]}", $"{parts[0]}.{parts[1]}{added}", $"{added}{parts[0]}.{parts[1]}", $"{parts[0]}.{added}{parts[1]}" })
            Refused(Forge.SignedAs(_key, input));
    }

    [Fact]
    public void Verify_TrailingBitsThatAreNotZero_AreRefused()
    {
        var parts = Forge.Es256(_key, Header).Split('.');
        Refused($"{parts[0]}.{parts[1]}.{OneBitMore(parts[2])}");
        Refused(Forge.SignedAs(_key, $"{parts[0]}.{OneBitMore(parts[1])}"));
        Refused(Forge.SignedAs(_key, $"{OneBitMore(parts[0])}.{parts[1]}"));
    }

    [Fact]
    public void Verify_TheOtherAlphabet_IsRefused()
    {
        var payload = Convert.ToBase64String([0xFB, 0xFF, 0xFB, 0xFF, 0xFB, 0xFF]);
        payload.ShouldContain('+');
        Refused(Forge.SignedAs(_key, $"{Forge.Encode(Header)}.{payload}"));
    }

    [Fact]
    public void Verify_HugeToken_IsRefused()
    {
        Jws.Verify(Forge.Es256(_key, Header, new string('x', 5900)), JwsKind.AccessToken, _keys).ShouldNotBeNull();
        Refused(Forge.Es256(_key, Header, new string('x', 6200)));
        Refused(new string('A', 10_000_000));
        Refused(new string('.', 10_000_000));
    }

    [Fact]
    public void Verify_SignatureInDer_IsRefused()
    {
        var input = $"{Forge.Encode(Header)}.{Forge.Encode("{}")}";
        var der = _key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        Refused($"{input}.{Forge.Encode(der)}");
    }

    [Fact]
    public void Verify_SignatureOfAnotherLength_IsRefused()
    {
        var input = $"{Forge.Encode(Header)}.{Forge.Encode("{}")}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256);
        byte[][] hostile = [[], [0], signature[..63], [.. signature, 0], [0, .. signature], [0, .. signature[..32], 0, .. signature[32..]], [.. signature, .. signature], new byte[96], new byte[132]];
        foreach (var one in hostile)
            Refused($"{input}.{Forge.Encode(one)}");
    }

    [Fact]
    public void Verify_NumbersOfTheSignatureOutOfRange_AreRefused()
    {
        var zero = new byte[32];
        byte[] one = [.. new byte[31], 1];
        var order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
        byte[] more = [.. order[..31], 0x52];
        var most = Enumerable.Repeat((byte)0xFF, 32).ToArray();
        var input = $"{Forge.Encode(Header)}.{Forge.Encode("{}")}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256);
        foreach (var number in new[] { zero, one, order, more, most })
        {
            foreach (var other in new[] { zero, one, order, more, most })
                Refused($"{input}.{Forge.Encode([.. number, .. other])}");
            Refused($"{input}.{Forge.Encode([.. number, .. signature[32..]])}");
            Refused($"{input}.{Forge.Encode([.. signature[..32], .. number])}");
        }
    }

    [Fact]
    public void Verify_SignatureOfAnotherCurveOrHash_IsRefused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Refused(Forge.Es256(other, Header));
        var input = $"{Forge.Encode(Header)}.{Forge.Encode("{}")}";
        Refused($"{input}.{Forge.Encode(_key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA384))}");
    }

    private static string OneBitMore(string text)
    {
        (text.Length % 4).ShouldBeOneOf(2, 3);
        return text[..^1] + Alphabet[Alphabet.IndexOf(text[^1], StringComparison.Ordinal) + 1];
    }

    private void Refused(string token) => Jws.Verify(token, JwsKind.AccessToken, _keys).ShouldBeNull(token.Length < 500 ? token : "a long one");
}
