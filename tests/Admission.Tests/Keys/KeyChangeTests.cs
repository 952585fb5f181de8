using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Keys;

/// <summary>Keys that are for some endpoints and addresses, end one day, and are followed by others.</summary>
public sealed class KeyChangeTests(AdmissionServer server) : IClassFixture<AdmissionServer>
{
    private static readonly CallOrigin Moons = new(Operations.Moons.Id, IPAddress.Parse("192.0.2.9"));
    private static readonly CallOrigin Tides = new(Operations.Tides.Id, IPAddress.Parse("192.0.2.9"));

    [Fact]
    public async Task Create_WithScopesAndAddresses_IsEnforcedAndShown()
    {
        var (person, plan, subscription) = await SubscribedAsync();
        var (_, endpoints) = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{subscription}/endpoints");
        endpoints.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("path").GetString()).ShouldBe(["/moons", "/tides"]);
        var key = await CreateAsync(person, subscription, new { name = "CI", scopes = new[] { "listMoons" }, allowed_addresses = new[] { "192.0.2.9/24", "2001:db8::1" } });
        var secret = Text(key, "secret");
        server.Call(secret, plan, origin: Moons).Admitted.ShouldBeTrue();
        server.Call(secret, plan, origin: Tides).Verdict.ShouldBe(AdmissionVerdict.EndpointNotInKey);
        server.Call(secret, plan, origin: Moons with { Client = IPAddress.Parse("198.51.100.7") }).Verdict.ShouldBe(AdmissionVerdict.AddressNotAllowed);
        var (_, list) = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{subscription}/keys");
        var shown = list.GetProperty("data")[0];
        shown.GetProperty("scopes")[0].GetProperty("operation_id").GetString().ShouldBe("listMoons");
        shown.GetProperty("allowed_addresses").EnumerateArray().Select(one => one.GetString()).ShouldBe(["192.0.2.0/24", "2001:db8::1/128"]);
    }

    [Fact]
    public async Task Create_WithWhatIsWrong_TellsAllOfIt()
    {
        var (person, _, subscription) = await SubscribedAsync();
        var (status, body) = await person.SendAsync(HttpMethod.Post, $"/api/subscriptions/{subscription}/keys",
            new { allowed_addresses = new[] { "10", "all", "192.0.2.0/33", "::ffff:10.0.0.0/104", "fe80::1%eth0", "192.0.2.1" }, scopes = new[] { "" } });
        status.ShouldBe(422);
        body.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("path").GetString())
            .ShouldBe(["scopes[0]", "allowed_addresses[0]", "allowed_addresses[1]", "allowed_addresses[2]", "allowed_addresses[3]", "allowed_addresses[4]"]);
        (status, body) = await person.SendAsync(HttpMethod.Post, $"/api/subscriptions/{subscription}/keys", new { scopes = new[] { "listMoons", "noSuch", TypeId.Format("ep", Guid.CreateVersion7()) } });
        status.ShouldBe(422);
        body.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("path").GetString()).ShouldBe(["scopes[1]", "scopes[2]"]);
    }

    [Fact]
    public async Task Edit_ReplacesAllAndReachesThisNodeBeforeTheAnswer()
    {
        var (person, plan, subscription) = await SubscribedAsync();
        var key = await CreateAsync(person, subscription, new { name = "CI", scopes = new[] { "listMoons" } });
        var (id, secret) = (Text(key, "id"), Text(key, "secret"));
        var (status, edited) = await person.SendAsync(HttpMethod.Put, $"/api/keys/{id}", new { name = "Build", scopes = new[] { TypeId.Format("ep", Operations.Tides.Id) } });
        (status, Text(edited, "name")).ShouldBe((200, "Build"));
        server.Call(secret, plan, origin: Moons).Verdict.ShouldBe(AdmissionVerdict.EndpointNotInKey);
        server.Call(secret, plan, origin: Tides).Admitted.ShouldBeTrue();
        (await person.SendAsync(HttpMethod.Put, $"/api/keys/{id}", new { name = "Build" })).Status.ShouldBe(200);
        server.Call(secret, plan).Admitted.ShouldBeTrue();
        var stranger = await server.RegisterAsync();
        (await stranger.SendAsync(HttpMethod.Put, $"/api/keys/{id}", new { name = "Mine" })).Status.ShouldBe(404);
        (await stranger.SendAsync(HttpMethod.Post, $"/api/keys/{id}/rotate", new { })).Status.ShouldBe(404);
        (await stranger.SendAsync(HttpMethod.Get, $"/api/subscriptions/{subscription}/endpoints")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Rotate_KeepsWhatTheKeyIsForAndBothWorkUntilTheGraceEnds()
    {
        var (person, plan, subscription) = await SubscribedAsync();
        var ends = TimeProvider.System.GetUtcNow().AddDays(90);
        var key = await CreateAsync(person, subscription, new { name = "CI", expires_at = ends, scopes = new[] { "listMoons" }, allowed_addresses = new[] { "192.0.2.0/24" } });
        var (status, next) = await person.SendAsync(HttpMethod.Post, $"/api/keys/{Text(key, "id")}/rotate", new { grace_seconds = 3600 });
        status.ShouldBe(201, next.ToString());
        Text(next, "replaces").ShouldBe(Text(key, "id"));
        Text(next, "name").ShouldBe("CI");
        next.GetProperty("expires_at").GetDateTimeOffset().ShouldBe(ends, TimeSpan.FromSeconds(1));
        foreach (var secret in new[] { Text(key, "secret"), Text(next, "secret") })
        {
            server.Call(secret, plan, origin: Moons).Admitted.ShouldBeTrue();
            server.Call(secret, plan, origin: Tides).Verdict.ShouldBe(AdmissionVerdict.EndpointNotInKey);
            server.Call(secret, plan, origin: Moons with { Client = IPAddress.Loopback }).Verdict.ShouldBe(AdmissionVerdict.AddressNotAllowed);
        }
        var (_, list) = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{subscription}/keys");
        var old = list.GetProperty("data").EnumerateArray().Single(one => Text(one, "id") == Text(key, "id"));
        old.GetProperty("expires_at").GetDateTimeOffset().ShouldBe(TimeProvider.System.GetUtcNow().AddHours(1), TimeSpan.FromMinutes(1));
        var (again, problem) = await person.SendAsync(HttpMethod.Post, $"/api/keys/{Text(key, "id")}/rotate", new { });
        (again, Text(problem, "code")).ShouldBe((409, "KEY_ROTATED"));
    }

    [Fact]
    public async Task Rotate_AKeyThatEndsBeforeTheGrace_DoesNotOutliveItsEnd()
    {
        var (person, _, subscription) = await SubscribedAsync();
        var ends = TimeProvider.System.GetUtcNow().AddMinutes(10);
        var key = await CreateAsync(person, subscription, new { expires_at = ends });
        (await person.SendAsync(HttpMethod.Post, $"/api/keys/{Text(key, "id")}/rotate", new { grace_seconds = 3600 })).Status.ShouldBe(201);
        var (_, list) = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{subscription}/keys");
        list.GetProperty("data").EnumerateArray().Single(one => Text(one, "id") == Text(key, "id")).GetProperty("expires_at").GetDateTimeOffset().ShouldBe(ends, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Rotate_WithoutGrace_EndsTheOldOneAtOnce()
    {
        var (person, plan, subscription) = await SubscribedAsync();
        var key = await CreateAsync(person, subscription, new { });
        var (_, next) = await person.SendAsync(HttpMethod.Post, $"/api/keys/{Text(key, "id")}/rotate", new { grace_seconds = 0 });
        server.Call(Text(key, "secret"), plan).Verdict.ShouldBe(AdmissionVerdict.KeyRevoked);
        server.Call(Text(next, "secret"), plan).Admitted.ShouldBeTrue();
        var (status, problem) = await person.SendAsync(HttpMethod.Post, $"/api/keys/{Text(key, "id")}/rotate", new { });
        (status, Text(problem, "code")).ShouldBe((409, "KEY_NOT_LIVE"));
        (await person.SendAsync(HttpMethod.Put, $"/api/keys/{Text(key, "id")}", new { name = "x" })).Status.ShouldBe(409);
    }

    [Fact]
    public async Task Keys_MadeAtOnce_AreNoMoreThanTheMost()
    {
        var (person, _, subscription) = await SubscribedAsync();
        await FillAsync(subscription, 98);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => person.SendAsync(HttpMethod.Post, $"/api/subscriptions/{subscription}/keys", new { name = "CI" })));
        answers.Count(answer => answer.Status == 201).ShouldBe(2);
        foreach (var refused in answers.Where(answer => answer.Status != 201))
            refused.ShouldBeProblem(409, "TOO_MANY_KEYS");
    }

    [Fact]
    public async Task Rotate_WhereThereAreTheMost_LeavesNoneMore()
    {
        var (person, plan, subscription) = await SubscribedAsync();
        var key = await CreateAsync(person, subscription, new { name = "CI" });
        await FillAsync(subscription, 100);
        (await person.SendAsync(HttpMethod.Post, $"/api/keys/{Text(key, "id")}/rotate", new { grace_seconds = 3600 })).ShouldBeProblem(409, "TOO_MANY_KEYS");
        server.Call(Text(key, "secret"), plan).Admitted.ShouldBeTrue();
        (await person.SendAsync(HttpMethod.Post, $"/api/keys/{Text(key, "id")}/rotate", new { grace_seconds = 0 })).Status.ShouldBe(201);
    }

    [Fact]
    public async Task Edit_OfAnExpiredKey_DoesNotReviveIt()
    {
        var (person, plan, subscription) = await SubscribedAsync();
        var key = await CreateAsync(person, subscription, new { name = "CI" });
        await ExecuteAsync("UPDATE admission.key SET expires_at = now() - interval '1 minute' WHERE id = $1", Text(key, "id"));
        (await person.SendAsync(HttpMethod.Put, $"/api/keys/{Text(key, "id")}", new { name = "CI" })).ShouldBeProblem(409, "KEY_NOT_LIVE");
        await AdmissionServer.UntilAsync(() => server.Call(Text(key, "secret"), plan).Verdict == AdmissionVerdict.KeyExpired, "the key is refused");
    }

    [Fact]
    public async Task Edit_OfARotatedKey_DoesNotProlongIt()
    {
        var (person, _, subscription) = await SubscribedAsync();
        var key = await CreateAsync(person, subscription, new { name = "CI" });
        (await person.SendAsync(HttpMethod.Post, $"/api/keys/{Text(key, "id")}/rotate", new { grace_seconds = 3600 })).Status.ShouldBe(201);
        var now = TimeProvider.System.GetUtcNow();
        (await person.SendAsync(HttpMethod.Put, $"/api/keys/{Text(key, "id")}", new { name = "old" })).ShouldBeProblem(409, "KEY_ROTATED");
        (await person.SendAsync(HttpMethod.Put, $"/api/keys/{Text(key, "id")}", new { name = "old", expires_at = now.AddHours(2) })).ShouldBeProblem(409, "KEY_ROTATED");
        (await person.SendAsync(HttpMethod.Put, $"/api/keys/{Text(key, "id")}", new { name = "old", expires_at = now.AddMinutes(10) })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Rotate_WhileTheKeyIsBeingEdited_MakesAKeyForWhatTheEditSays()
    {
        var (person, _, subscription) = await SubscribedAsync();
        var key = await CreateAsync(person, subscription, new { name = "CI" });
        TypeId.TryParse(Text(key, "id"), "key", out var id).ShouldBeTrue();
        await using var connection = await server.Database.OwnerOrSuperuser.OpenConnectionAsync();
        await using var editing = await connection.BeginTransactionAsync();
        await using (var command = new Npgsql.NpgsqlCommand($"UPDATE admission.key SET name = 'Narrow', allowed_addresses = '{{192.0.2.0/24}}' WHERE id = '{id}'", connection))
            await command.ExecuteNonQueryAsync();
        var rotating = person.SendAsync(HttpMethod.Post, $"/api/keys/{Text(key, "id")}/rotate", new { });
        await AdmissionServer.UntilAsync(() => IsWaiting(), "the rotation waits for the row");
        await editing.CommitAsync();
        var (status, next) = await rotating;
        status.ShouldBe(201, next.ToString());
        (Text(next, "name"), next.GetProperty("allowed_addresses")[0].GetString()).ShouldBe(("Narrow", "192.0.2.0/24"));
        var (_, entries) = await person.SendAsync(HttpMethod.Get, $"/api/audit-log?organization={TypeId.Format("org", person.Organization)}&action=key.rotated");
        entries.GetProperty("data")[0].GetProperty("before").GetProperty("name").GetString().ShouldBe("Narrow");
    }

    [Fact]
    public async Task RestrictedKey_RevokedByAnotherNode_IsRefusedHereByTheFeed()
    {
        var (person, plan, subscription) = await SubscribedAsync();
        var key = await CreateAsync(person, subscription, new { scopes = new[] { "listMoons" }, allowed_addresses = new[] { "192.0.2.0/24" } });
        server.Call(Text(key, "secret"), plan, origin: Moons).Admitted.ShouldBeTrue();
        await ExecuteAsync("UPDATE admission.key SET revoked_at = now() WHERE id = $1", Text(key, "id"));
        await AdmissionServer.UntilAsync(() => server.Call(Text(key, "secret"), plan, origin: Moons).Verdict == AdmissionVerdict.KeyRevoked, "the key is refused");
    }

    [Fact]
    public async Task RestrictedKey_IsRestrictedAfterAStartFromDisk()
    {
        var (person, plan, subscription) = await SubscribedAsync();
        var folder = server.NewFolder();
        string secret, id;
        await using (var node = await server.StartAsync(folder, ("Limits:Nodes", "2")))
        {
            await AdmissionServer.UntilReadyAsync(node);
            var key = await CreateAsync(person, subscription, new { scopes = new[] { "listMoons" }, allowed_addresses = new[] { "192.0.2.0/24", "2001:db8::/32" } });
            (secret, id) = (Text(key, "secret"), Text(key, "id"));
            await AdmissionServer.UntilAsync(() => server.Call(secret, plan, node, Moons).Admitted, "the key came by the feed");
            // What is in force may be taken in once more after a start, unless the feed's place behind it was noted.
            await node.Services.GetRequiredService<IChangeFeed>().CatchUpAsync(CancellationToken.None);
        }
        // Nobody hears of this: whoever asked the database would find a key for everything.
        await ExecuteAsync("ALTER TABLE admission.key DISABLE TRIGGER record_change; UPDATE admission.key SET operations = NULL, allowed_addresses = NULL WHERE id = $1; ALTER TABLE admission.key ENABLE TRIGGER record_change", id);
        await using var next = await server.StartAsync(folder, ("Limits:Nodes", "2"));
        await AdmissionServer.UntilReadyAsync(next);
        server.Call(secret, plan, next, Tides).Verdict.ShouldBe(AdmissionVerdict.EndpointNotInKey);
        server.Call(secret, plan, next, Moons with { Client = IPAddress.Parse("2001:db9::1") }).Verdict.ShouldBe(AdmissionVerdict.AddressNotAllowed);
        server.Call(secret, plan, next, Moons with { Client = IPAddress.Parse("2001:db8::1") }).Admitted.ShouldBeTrue();
    }

    [Fact]
    public async Task CallingKey_LearnsWhatItIsFor()
    {
        var (person, _, subscription) = await SubscribedAsync();
        var key = await CreateAsync(person, subscription, new { name = "CI", scopes = new[] { "listMoons" } });
        var (status, facts) = await MeAsync(Text(key, "secret"));
        status.ShouldBe(200, facts.ToString());
        Text(facts, "id").ShouldBe(Text(key, "id"));
        Text(facts.GetProperty("subscription"), "id").ShouldBe(subscription);
        Text(facts.GetProperty("plan"), "name").ShouldBe("Basic");
        facts.GetProperty("scopes")[0].GetProperty("operation_id").GetString().ShouldBe("listMoons");
        facts.GetProperty("usage")[0].GetProperty("limit").GetInt64().ShouldBe(1000);
        facts.ToString().ShouldNotContain(Text(key, "secret")[12..], Case.Sensitive);
        await person.SendAsync(HttpMethod.Put, $"/api/keys/{Text(key, "id")}", new { name = "CI", allowed_addresses = new[] { "198.51.100.0/24" } });
        (await MeAsync(Text(key, "secret"))).ShouldBeProblem(403, "ADDRESS_NOT_ALLOWED");
        await person.SendAsync(HttpMethod.Delete, $"/api/keys/{Text(key, "id")}");
        (await MeAsync(Text(key, "secret"))).ShouldBeProblem(401, "KEY_REVOKED");
        (await MeAsync("")).ShouldBeProblem(401, "KEY_MISSING");
        (await MeAsync("tg_live_nonsense")).ShouldBeProblem(401, "KEY_MALFORMED");
        (await MeAsync(Admission.Keys.KeyFormat.Generate("tg_live_"))).ShouldBeProblem(401, "KEY_UNKNOWN");
    }

    private async Task<(int Status, JsonElement Body)> MeAsync(string secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/admin/keys/me");
        request.Headers.TryAddWithoutValidation("x-api-key", secret);
        using var response = await server.Server.Client.SendAsync(request);
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    private async Task<(Person Person, Plan Plan, string Subscription)> SubscribedAsync()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(1000, Window.Month));
        var person = await server.RegisterAsync();
        return (person, plan, (await person.SubscribeAsync(plan)).Id);
    }

    private static async Task<JsonElement> CreateAsync(Person person, string subscription, object body)
    {
        var (status, key) = await person.SendAsync(HttpMethod.Post, $"/api/subscriptions/{subscription}/keys", body);
        status.ShouldBe(201, key.ToString());
        return key;
    }

    // Live keys of the subscription, as many as are missing. Nobody calls with them, so no node needs to hear of them.
    private async Task FillAsync(string subscription, int live)
    {
        TypeId.TryParse(subscription, "sub", out var id).ShouldBeTrue();
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand("""
            ALTER TABLE admission.key DISABLE TRIGGER record_change;
            INSERT INTO admission.key (id, subscription_id, organization_id, provider_organization_id, name, prefix, digest, created_at)
            SELECT gen_random_uuid(), k.subscription_id, k.organization_id, k.provider_organization_id, 'Key', k.prefix, sha256(gen_random_uuid()::text::bytea), now()
            FROM (SELECT * FROM admission.key WHERE subscription_id = $1 LIMIT 1) k, generate_series(1, $2 - (SELECT count(*)::int FROM admission.key WHERE subscription_id = $1));
            ALTER TABLE admission.key ENABLE TRIGGER record_change
            """.Replace("$1", $"'{id}'", StringComparison.Ordinal).Replace("$2", $"{live}", StringComparison.Ordinal));
        await command.ExecuteNonQueryAsync();
    }

    private async Task ExecuteAsync(string sql, string keyId)
    {
        TypeId.TryParse(keyId, "key", out var id).ShouldBeTrue();
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand(sql.Replace("$1", $"'{id}'", StringComparison.Ordinal));
        await command.ExecuteNonQueryAsync();
    }

    private bool IsWaiting()
    {
        using var command = server.Database.OwnerOrSuperuser.CreateCommand("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%admission.key%')");
        return (bool)command.ExecuteScalar()!;
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}

internal static class ProblemExtensions
{
    public static void ShouldBeProblem(this (int Status, JsonElement Body) answer, int status, string code) =>
        (answer.Status, answer.Body.GetProperty("code").GetString()).ShouldBe((status, code));
}
