using System.Buffers.Text;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Identity.Tests.Tokens;

public sealed class SigningKeyRotationTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task Rotate_NewKeyIsPublishedBeforeItSigns_AndTheOldOneStaysUntilItsLastTokenHasExpired()
    {
        var registered = await identity.RegisterAsync("keys@example.com");
        var refresh = IdentityServer.Text(registered, "refresh_token");
        var first = KeyIdOf(IdentityServer.Text(registered, "access_token"));
        (await PublishedAsync()).ShouldBe([first]);

        await RotateAsync();
        (await PublishedAsync()).ShouldBe([first], "it is young");
        identity.Clock.Advance(TimeSpan.FromDays(30));
        await RotateAsync();
        identity.Clock.Advance(TimeSpan.FromMinutes(2));
        var published = await PublishedAsync();
        (published.Count, published[0]).ShouldBe((2, first));
        var second = published[1];

        // The refresh token idled for thirty days.
        using var login = await identity.Client.PostAsJsonAsync("/auth/login", new { email = "keys@example.com", password = IdentityServer.Password });
        var session = await login.Content.ReadFromJsonAsync<JsonElement>();
        KeyIdOf(IdentityServer.Text(session, "access_token")).ShouldBe(first, "the new one is announced only");
        identity.Clock.Advance(TimeSpan.FromMinutes(57));
        refresh = IdentityServer.Text(session, "refresh_token");
        var (old, next) = await RefreshAsync(refresh);
        KeyIdOf(old).ShouldBe(first);
        identity.Clock.Advance(TimeSpan.FromMinutes(2));
        var (fresh, _) = await RefreshAsync(next);
        KeyIdOf(fresh).ShouldBe(second);
        await RotateAsync();
        identity.Clock.Advance(TimeSpan.FromMinutes(2));
        using (var me = await identity.GetAsync("/me", old))
            ((int)me.StatusCode).ShouldBe(200);
        using (var me = await identity.GetAsync("/me", fresh))
            ((int)me.StatusCode).ShouldBe(200);

        identity.Clock.Advance(TimeSpan.FromMinutes(20));
        await RotateAsync();
        identity.Clock.Advance(TimeSpan.FromMinutes(2));
        (await PublishedAsync()).ShouldBe([second]);
    }

    [Fact]
    public async Task PublishedKey_VerifiesATokenWithoutUs()
    {
        var token = IdentityServer.Text(await identity.RegisterAsync("jwks@example.com"), "access_token");
        using var response = await identity.Client.GetAsync("/.well-known/jwks.json");
        response.Headers.CacheControl!.MaxAge.ShouldBe(TimeSpan.FromMinutes(5));
        var key = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("keys").EnumerateArray().Single(one => IdentityServer.Text(one, "kid") == KeyIdOf(token));
        key.EnumerateObject().Select(member => member.Name).ShouldBe(["kty", "crv", "x", "y", "kid", "alg", "use"], "and nothing private");
        using var verifier = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Base64Url.DecodeFromChars(IdentityServer.Text(key, "x")), Y = Base64Url.DecodeFromChars(IdentityServer.Text(key, "y")) },
        });
        var parts = token.Split('.');
        verifier.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256).ShouldBeTrue();
    }

    private Task RotateAsync() => identity.Server.Services.GetRequiredService<ISigningKeyRotation>().RotateAsync(TestContext.Current.CancellationToken);

    private async Task<List<string>> PublishedAsync()
    {
        using var response = await identity.Client.GetAsync("/.well-known/jwks.json");
        return [.. (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("keys").EnumerateArray().Select(key => IdentityServer.Text(key, "kid"))];
    }

    private async Task<(string Access, string Refresh)> RefreshAsync(string token)
    {
        using var response = await identity.RefreshAsync(token);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        return (IdentityServer.Text(body, "access_token"), IdentityServer.Text(body, "refresh_token"));
    }

    private static string KeyIdOf(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[0])).RootElement.GetProperty("kid").GetString()!;
}
