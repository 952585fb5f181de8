using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Foundation.Tests.Hashing;

/// <summary>Vectors of FIPS 180-4 and RFC 4231, and the runtime's own hashes.</summary>
public sealed class Sha256Tests
{
    [Fact]
    public void Sha256_OnDebian_IsOpenSslsWithoutItsProviders() => Sha256.IsDirect.ShouldBeTrue();

    [Theory]
    [InlineData("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    public void Sha256_OfStandardsTexts_IsAsStated(string text, string expected)
    {
        var hash = new byte[Sha256.HashBytes];
        Sha256.HashData(Encoding.ASCII.GetBytes(text), hash);
        Convert.ToHexStringLower(hash).ShouldBe(expected);
    }

    [Theory]
    [InlineData("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")]
    [InlineData("4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
    public void Hmac_OfRfc4231_IsAsStated(string key, string text, string expected)
    {
        var mac = new byte[Sha256.HashBytes];
        new HmacSha256(Convert.FromHexString(key)).Compute(Convert.FromHexString(text), mac);
        Convert.ToHexStringLower(mac).ShouldBe(expected);
    }

    [Fact]
    public void Both_OfAnyLength_AgreeWithTheRuntimes()
    {
        var random = new Random(7);
        Span<byte> actual = stackalloc byte[Sha256.HashBytes];
        for (var length = 0; length < 300; length++)
        {
            var (key, text) = (new byte[length], new byte[length * 3]);
            random.NextBytes(key);
            random.NextBytes(text);
            Sha256.HashData(text, actual);
            actual.SequenceEqual(SHA256.HashData(text)).ShouldBeTrue($"a text of {text.Length} bytes");
            var hmac = new HmacSha256(key);
            hmac.Compute(text, actual);
            hmac.Compute(text, actual);
            actual.SequenceEqual(HMACSHA256.HashData(key, text)).ShouldBeTrue($"a key of {length} bytes");
        }
    }

    [Fact]
    public void Hmac_ByManyThreads_IsEachTimeTheSame()
    {
        var hmac = new HmacSha256("secret"u8);
        var expected = HMACSHA256.HashData("secret"u8, "text"u8);
        Parallel.For(0, 10_000, _ =>
        {
            var mac = new byte[Sha256.HashBytes];
            hmac.Compute("text"u8, mac);
            mac.ShouldBe(expected);
        });
    }

    [Fact]
    public void Both_IntoTooLittleRoom_Throw()
    {
        Should.Throw<ArgumentException>(() => Sha256.HashData("text"u8, new byte[31]));
        Should.Throw<ArgumentException>(() => new HmacSha256("key"u8).Compute("text"u8, new byte[31]));
    }
}
