using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Tests.Apis;

public sealed class SecretRotationTests(ControlServer control) : IClassFixture<ControlServer>
{
    [Fact]
    public async Task Rotation_SealsAllAnew_AndTheOldKeyCanGo()
    {
        var services = control.Server.Services;
        var (rotation, box, database) = (services.GetRequiredService<ISecretRotation>(), services.GetRequiredService<ISecretBox>(), services.GetRequiredService<IDatabase>());
        var api = (await control.CreateAsync()).GetProperty("id").GetString()!;
        (await control.SendAsync(HttpMethod.Patch, $"/api/apis/{api}", new { upstream_headers = new[] { new { name = "x-secret", value = "hush-hush" } } }, "*")).Status.ShouldBe(200);
        var signing = (await control.SendAsync(HttpMethod.Get, $"/api/apis/{api}/signing-secret")).Body.GetProperty("secret").GetString();
        var old = box.Seal("test", "x"u8);

        rotation.AddKey().ShouldBeTrue();
        (await rotation.CountOldAsync(CancellationToken.None)).ShouldBeGreaterThan(4);
        var sealedAnew = await rotation.ResealAsync(CancellationToken.None);
        sealedAnew["gateway.api_upstream.headers"].ShouldBeGreaterThan(0);
        sealedAnew["identity.module_key.sealed"].ShouldBeGreaterThan(0);
        (await rotation.CountOldAsync(CancellationToken.None)).ShouldBe(0);
        rotation.ForgetOldKeys();

        // The box looks at the file when it seals.
        box.Seal("test", "x"u8);
        Should.Throw<System.Security.Cryptography.CryptographicException>(() => box.Open("test", old));
        (await control.SendAsync(HttpMethod.Get, $"/api/apis/{api}/signing-secret")).Body.GetProperty("secret").GetString().ShouldBe(signing);
        TypeId.TryParse(api, "api", out var apiId).ShouldBeTrue();
        var headers = await database.AsWorkerAsync(session => session.QuerySingleAsync<byte[]>("SELECT headers FROM gateway.api_upstream WHERE api_id = @apiId", new { apiId }), CancellationToken.None);
        Encoding.UTF8.GetString(box.Open($"gateway.upstream_headers/{apiId:N}", headers)).ShouldContain("hush-hush");
        var keys = await database.AsWorkerAsync(session => session.QueryAsync<ModuleKey>("SELECT purpose, sealed FROM identity.module_key"), CancellationToken.None);
        foreach (var key in keys)
            box.Open($"identity.{key.Purpose}", key.Sealed).Length.ShouldBeGreaterThan(16);
    }

    private sealed class ModuleKey
    {
        public string Purpose { get; init; } = "";

        public byte[] Sealed { get; init; } = [];
    }
}
