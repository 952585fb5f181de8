using System.Text;
using System.Text.Json;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.Tests.Tokens;

public sealed class JwtClaimsTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"aud":["us"]}""")]
    [InlineData("""{"exp":1800000000.5}""")]
    [InlineData("""{"exp":1799999995.5}""")]
    [InlineData("""{"exp":1.80000001e9}""")]
    [InlineData("""{"nbf":1800000005,"iat":1800000100}""")]
    public void Hold_RightOrWithinTheLeeway_IsTrue(string changes) => Hold(changes).ShouldBeTrue();

    [Theory]
    [InlineData("""{"exp":null}""")]
    [InlineData("""{"exp":"1800000100"}""")]
    [InlineData("""{"exp":true}""")]
    [InlineData("""{"exp":[1800000100]}""")]
    [InlineData("""{"exp":{}}""")]
    [InlineData("""{"exp":1799999995}""")]
    [InlineData("""{"exp":-1}""")]
    [InlineData("""{"exp":1e400}""")]
    [InlineData("""{"exp":1e300}""")]
    [InlineData("""{"exp":9223372036854775807}""")]
    [InlineData("""{"exp":1800000100000}""")]
    [InlineData("""{"nbf":"1700000000"}""")]
    [InlineData("""{"nbf":null}""")]
    [InlineData("""{"nbf":1800000006}""")]
    [InlineData("""{"iat":"1700000000"}""")]
    [InlineData("""{"iat":[]}""")]
    [InlineData("""{"iss":null}""")]
    [InlineData("""{"iss":["them"]}""")]
    [InlineData("""{"iss":"THEM"}""")]
    [InlineData("""{"iss":"them "}""")]
    [InlineData("""{"iss":"\ud800"}""")]
    [InlineData("""{"aud":null}""")]
    [InlineData("""{"aud":1}""")]
    [InlineData("""{"aud":{"us":1}}""")]
    [InlineData("""{"aud":[]}""")]
    [InlineData("""{"aud":[["us"]]}""")]
    [InlineData("""{"aud":["us",1]}""")]
    [InlineData("""{"aud":["us","others"]}""")]
    [InlineData("""{"aud":"us others"}""")]
    [InlineData("""{"aud":"others"}""")]
    public void Hold_ClaimOfTheWrongTypeOrValue_IsFalse(string changes) => Hold(changes).ShouldBeFalse();

    [Theory]
    [InlineData("exp")]
    [InlineData("iss")]
    [InlineData("aud")]
    public void Hold_ClaimMissing_IsFalse(string name)
    {
        var claims = Right();
        claims.Remove(name);
        Hold(claims).ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("\"a.b.c\"")]
    [InlineData("null")]
    [InlineData("{\"iss\":\"them\",\"iss\":\"them\"}")]
    [InlineData("{\"a\":{\"b\":1,\"b\":1}}")]
    [InlineData("{\"\\ud800\":1}")]
    public void Read_WhatIsNotOneObjectForEveryReader_IsNull(string payload) => JwtClaims.Read(Encoding.UTF8.GetBytes(payload)).ShouldBeNull();

    [Fact]
    public void Read_WhatIsNoUtf8_IsNull() => JwtClaims.Read([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}']).ShouldBeNull();

    [Fact]
    public void Text_OfAnotherType_IsNull()
    {
        var claims = JwtClaims.Read("""{"a":1,"b":["x"],"c":null,"d":"\ud800","e":"x"}"""u8)!;
        foreach (var name in new[] { "a", "b", "c", "d", "absent" })
            claims.Text(name).ShouldBeNull(name);
        claims.Text("e").ShouldBe("x");
    }

    private static bool Hold(string changes)
    {
        var claims = Right();
        using var document = JsonDocument.Parse(changes);
        foreach (var change in document.RootElement.EnumerateObject())
            claims[change.Name] = change.Value.GetRawText();
        return Hold(claims);
    }

    // Written as it is: a serializer would refuse half of a surrogate pair.
    private static bool Hold(Dictionary<string, string> claims) =>
        JwtClaims.Read(Encoding.UTF8.GetBytes($"{{{string.Join(',', claims.Select(claim => $"\"{claim.Key}\":{claim.Value}"))}}}"))!
            .Hold("them", "us", Now, TimeSpan.FromSeconds(5));

    private static Dictionary<string, string> Right() => new(StringComparer.Ordinal) { ["iss"] = "\"them\"", ["aud"] = "\"us\"", ["exp"] = "1800000100" };
}
