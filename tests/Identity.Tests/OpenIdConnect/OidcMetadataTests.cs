using System.Text.Json;
using Tollgate.Identity.OpenIdConnect;

namespace Tollgate.Identity.Tests.OpenIdConnect;

/// <summary>What a provider publishes about itself counts only under the issuer's own name, and sends no secret in the clear.</summary>
public sealed class OidcMetadataTests
{
    private static readonly OidcProvider Acme = new("acme", "Acme", "https://login.acme.example", "client", "secret");

    [Theory]
    [InlineData("issuer", "https://login.evil.example")]
    [InlineData("issuer", "https://login.acme.example/")]
    [InlineData("issuer", "HTTPS://login.acme.example")]
    [InlineData("issuer", "http://login.acme.example")]
    [InlineData("issuer", null)]
    [InlineData("authorization_endpoint", "http://login.acme.example/authorize")]
    [InlineData("authorization_endpoint", "javascript:alert(1)")]
    [InlineData("token_endpoint", "http://login.acme.example/token")]
    [InlineData("token_endpoint", "/token")]
    [InlineData("jwks_uri", "http://login.acme.example/keys")]
    [InlineData("jwks_uri", null)]
    public void Document_OfAnotherIssuer_OrThatLeadsIntoTheClear_IsNone(string member, string? value) => Read(member, value).ShouldBeNull();

    [Theory]
    [InlineData("issuer", "https://login.acme.example")]
    [InlineData("token_endpoint", "https://token.acme.example/token")]
    [InlineData("jwks_uri", "http://127.0.0.1:4711/keys")]
    public void Document_OfTheIssuer_IsRead(string member, string value) => Read(member, value).ShouldNotBeNull();

    [Fact]
    public void Document_ThatNamesItsIssuerTwice_IsNone() =>
        OidcMetadata.Read(System.Text.Encoding.UTF8.GetBytes(JsonSerializer.Serialize(Document()).Replace("{", "{\"issuer\":\"https://login.evil.example\",", StringComparison.Ordinal)), Acme).ShouldBeNull();

    private static OidcMetadata? Read(string member, string? value)
    {
        var document = Document();
        document[member] = value;
        return OidcMetadata.Read(JsonSerializer.SerializeToUtf8Bytes(document), Acme);
    }

    private static Dictionary<string, string?> Document() => new(StringComparer.Ordinal)
    {
        ["issuer"] = Acme.Issuer,
        ["authorization_endpoint"] = "https://login.acme.example/authorize",
        ["token_endpoint"] = "https://login.acme.example/token",
        ["jwks_uri"] = "https://login.acme.example/keys",
    };
}
