using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.Tests.Tokens;

/// <summary>The same over HTTP: whatever is presented, the answer is 401 and never an error of ours.</summary>
public sealed class HostileAccessTokenTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task Me_TokenThatAnybodyCanMake_Is401()
    {
        byte[] noUtf8 = [.. """{"alg":"ES256","kid":"k","typ":" """u8.TrimEnd((byte)' '), 0xFF, .. "\"}"u8];
        string[] hostile =
        [
            $"{Forge.Encode(noUtf8)}.e30.AAAA", $"{Forge.Encode("""{"alg":"ES256","kid":"k","typ":"\ud800"}""")}.e30.AAAA", $"{Forge.Encode("""{"\ud800":1}""")}.e30.AAAA",
            $"{Forge.Encode("""{"alg":"none","typ":"at+jwt"}""")}.e30.", "..", "a.b.c", new string('.', 9000), RfcVectors.A3Es256, RfcVectors.A5None,
        ];
        foreach (var token in hostile)
            await RefusedAsync(token);
    }

    [Fact]
    public async Task Me_GenuineTokenWrittenOtherwise_Is401()
    {
        var token = IdentityServer.Text(await identity.RegisterAsync("otherwise@example.com"), "access_token");
        using (var me = await identity.GetAsync("/me", token))
            me.EnsureSuccessStatusCode();
        foreach (var other in new[] { token + "=", token + "==", token.Replace(".", " .", StringComparison.Ordinal), token + ".", token + ".x" })
            await RefusedAsync(other);
    }

    // Signed with the program's own key, as by another part of it or a later version: what it says still counts.
    [Fact]
    public async Task Me_OurSignatureOnClaimsThatDoNotHold_Is401()
    {
        var registered = await identity.RegisterAsync("claims@example.com");
        var payload = System.Buffers.Text.Base64Url.DecodeFromChars(IdentityServer.Text(registered, "access_token").Split('.')[1]);
        using var document = JsonDocument.Parse(payload);
        var right = document.RootElement.EnumerateObject().ToDictionary(claim => claim.Name, object? (JsonProperty claim) => claim.Value.Clone(), StringComparer.Ordinal);
        using (var me = await identity.GetAsync("/me", await SignAsync(right)))
            me.EnsureSuccessStatusCode();
        (string Name, object? Value)[] changes =
        [
            ("exp", "soon"), ("exp", null), ("exp", long.MaxValue), ("exp", -1), ("exp", 1), ("nbf", "now"), ("nbf", 32_503_680_000), ("iat", "now"), ("iss", "others"), ("iss", 1),
            ("aud", "others"), ("aud", new[] { "tollgate-control", "others" }), ("aud", 1), ("sub", 1), ("sub", "acc_x"), ("sub", null), ("sid", null), ("sid", right["sub"]), ("sid", Array.Empty<int>()),
        ];
        foreach (var (name, value) in changes)
            await RefusedAsync(await SignAsync(new(right, StringComparer.Ordinal) { [name] = value }));
        foreach (var name in new[] { "exp", "iss", "aud", "sub", "sid" })
            await RefusedAsync(await SignAsync(right.Where(claim => claim.Key != name).ToDictionary(StringComparer.Ordinal)));
    }

    private async Task<string> SignAsync(Dictionary<string, object?> claims)
    {
        var keys = await identity.Server.Services.GetRequiredService<ModuleKeys>().GetAsync(TestContext.Current.CancellationToken);
        return Jws.Sign(keys.Signing[0].Key, keys.Signing[0].Id, "at+jwt", JsonSerializer.SerializeToUtf8Bytes(claims));
    }

    private async Task RefusedAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/me");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token).ShouldBeTrue();
        using var response = await identity.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await IdentityServer.ProblemAsync(response, 401, "UNAUTHENTICATED");
    }
}
