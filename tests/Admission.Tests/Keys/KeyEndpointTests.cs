using System.Text;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Keys;

public sealed class KeyEndpointTests(AdmissionServer server) : IClassFixture<AdmissionServer>
{
    [Fact]
    public async Task Create_Key_ShowsItsSecretOnceAndStoresItNowhere()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(100, Window.Month));
        var person = await server.RegisterAsync();
        var (id, _, _) = await person.SubscribeAsync(plan);
        var (status, key) = await person.SendAsync(HttpMethod.Post, $"/api/subscriptions/{id}/keys", new { name = "CI" }, "create-key-1");
        status.ShouldBe(201, key.ToString());
        var secret = key.GetProperty("secret").GetString()!;
        await AdmissionServer.UntilAsync(() => server.Call(secret, plan).Admitted, "the key works");

        var (_, list) = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{id}/keys");
        list.GetProperty("data").GetArrayLength().ShouldBe(2);
        list.GetProperty("data")[0].GetProperty("name").GetString().ShouldBe("CI");
        list.ToString().ShouldNotContain(secret);
        foreach (var dump in await DumpAsync())
            dump.ShouldNotContain(secret[12..], Case.Sensitive);
    }

    [Fact]
    public async Task Revoke_Key_IsRefusedAtOnceAndTheOtherWorks()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(100, Window.Month));
        var person = await server.RegisterAsync();
        var (id, keyId, secret) = await person.SubscribeAsync(plan);
        var (_, other) = await person.SendAsync(HttpMethod.Post, $"/api/subscriptions/{id}/keys", new { });
        (await person.SendAsync(HttpMethod.Delete, $"/api/keys/{keyId}")).Status.ShouldBe(204);
        (await person.SendAsync(HttpMethod.Delete, $"/api/keys/{keyId}")).Status.ShouldBe(204);
        server.Call(secret, plan).Verdict.ShouldBe(AdmissionVerdict.KeyRevoked);
        server.Call(other.GetProperty("secret").GetString()!, plan).Admitted.ShouldBeTrue();
    }

    [Fact]
    public async Task Revoke_InTheDatabaseByAnotherNode_ReachesThisOneByTheFeed()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(100_000, Window.Month));
        var (_, keyId, secret) = await (await server.RegisterAsync()).SubscribeAsync(plan);
        server.Call(secret, plan).Admitted.ShouldBeTrue();
        TypeId.TryParse(keyId, "key", out var key).ShouldBeTrue();
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand("UPDATE admission.key SET revoked_at = now() WHERE id = $1");
        command.Parameters.Add(new() { Value = key });
        await command.ExecuteNonQueryAsync();
        await AdmissionServer.UntilAsync(() => server.Call(secret, plan).Verdict == AdmissionVerdict.KeyRevoked, "the key is refused");
    }

    [Fact]
    public async Task Delete_KeyRow_MakesItUnknown()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(100_000, Window.Month));
        var (_, keyId, secret) = await (await server.RegisterAsync()).SubscribeAsync(plan);
        TypeId.TryParse(keyId, "key", out var key).ShouldBeTrue();
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand("DELETE FROM admission.key WHERE id = $1");
        command.Parameters.Add(new() { Value = key });
        await command.ExecuteNonQueryAsync();
        await AdmissionServer.UntilAsync(() => server.Call(secret, plan).Verdict == AdmissionVerdict.KeyUnknown, "the key is unknown");
    }

    [Fact]
    public async Task Create_ExpiryInThePast_Is422()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(100, Window.Month));
        var person = await server.RegisterAsync();
        var (id, _, _) = await person.SubscribeAsync(plan);
        var (status, body) = await person.SendAsync(HttpMethod.Post, $"/api/subscriptions/{id}/keys", new { expires_at = "2020-01-01T00:00:00Z" });
        status.ShouldBe(422);
        body.GetProperty("errors")[0].GetProperty("path").GetString().ShouldBe("expires_at");
        (await person.SendAsync(HttpMethod.Post, $"/api/subscriptions/{id}/keys", new { name = new string('x', 101) })).Status.ShouldBe(422);
    }

    [Fact]
    public async Task Used_Key_GetsItsLastUse()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(100, Window.Month));
        var person = await server.RegisterAsync();
        var (id, _, secret) = await person.SubscribeAsync(plan);
        server.Call(secret, plan).Admitted.ShouldBeTrue();
        var uses = new Tollgate.Admission.Keys.KeyUses(server.State, server.Database.Database, TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<Tollgate.Admission.Keys.KeyUses>.Instance);
        await uses.WriteAsync(CancellationToken.None);
        var (_, list) = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{id}/keys");
        list.GetProperty("data")[0].GetProperty("last_used_at").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.String);
    }

    /// <summary>All text of all tables that this module and Foundation's stored answers keep.</summary>
    private async Task<List<string>> DumpAsync()
    {
        var dumps = new List<string>();
        foreach (var table in new[] { "admission.key", "foundation.idempotency_key", "foundation.event", "foundation.change" })
        {
            await using var command = server.Database.OwnerOrSuperuser.CreateCommand($"SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} t");
            var text = (string)(await command.ExecuteScalarAsync())!;
            dumps.Add(text);
            // bytea is shown in hex: the secret must not be readable in there either.
            foreach (System.Text.RegularExpressions.Match hex in System.Text.RegularExpressions.Regex.Matches(text, @"\\x([0-9a-f]+)"))
                dumps.Add(Encoding.Latin1.GetString(Convert.FromHexString(hex.Groups[1].Value)));
        }
        return dumps;
    }
}
