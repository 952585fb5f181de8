using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Foundation;
using Tollgate.Foundation.Postgres;

namespace Tollgate.Identity.Tests.Audit;

public sealed class AuditLogTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    private static int _people;

    private IAuditLog Log => identity.Server.Services.GetRequiredService<IAuditLog>();

    [Fact]
    public async Task Entry_TellsWhoByWhatFromWhereAndWhatWasBeforeAndAfter()
    {
        var ada = await PersonAsync();
        await WriteAsync(ada, new AuditChange("key.renamed", "key_1", ada.Organization, new { name = "old" }, new { name = "new" }));
        var entry = (await ListAsync(ada, $"?organization={TypeId.Format("org", ada.Organization)}&action=key.renamed"))[0];
        entry.GetProperty("actor").GetString().ShouldBe(ada.Email);
        entry.GetProperty("account_id").GetString().ShouldBe(TypeId.Format("acc", ada.Account));
        entry.GetProperty("means").GetString().ShouldBe("session");
        entry.GetProperty("credential").GetString().ShouldBe("ses_test");
        entry.GetProperty("address").GetString().ShouldBe("192.0.2.7");
        entry.GetProperty("user_agent").GetString().ShouldBe("test/1");
        entry.GetProperty("request_id").GetString().ShouldBe("req_test_1");
        entry.GetProperty("subject").GetString().ShouldBe("key_1");
        entry.GetProperty("before").GetProperty("name").GetString().ShouldBe("old");
        entry.GetProperty("after").GetProperty("name").GetString().ShouldBe("new");
    }

    [Fact]
    public async Task Entry_IsGoneWithTheChangeThatFailed()
    {
        var ada = await PersonAsync();
        await identity.Database.Database.AsAppAsync<Outcome<bool>>(ada.Tenant, async session =>
        {
            await Log.WriteAsync(session, ada.Actor, new AuditChange("key.revoked", "key_1", ada.Organization));
            return Failure.NotFound("key");
        }, CancellationToken.None);
        (await ListAsync(ada, "")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Reading_IsForAdminsOfTheOrganizationAndForOnesOwn()
    {
        var (ada, bob) = (await PersonAsync(), await PersonAsync());
        await WriteAsync(ada, new AuditChange("api.published", "api_1", ada.Organization));
        await WriteAsync(ada, new AuditChange("account.renamed", TypeId.Format("acc", ada.Account)));
        (await ActionsAsync(ada, "")).ShouldBe(["account.renamed", "api.published"]);
        (await ActionsAsync(ada, $"?organization={TypeId.Format("org", ada.Organization)}")).ShouldBe(["api.published"]);
        (await ActionsAsync(bob, "")).ShouldBeEmpty();
        using var foreign = await identity.GetAsync($"/api/audit-log?organization={TypeId.Format("org", ada.Organization)}", bob.Token);
        await IdentityServer.ProblemAsync(foreign, 404, "NOT_FOUND");
        await JoinAsync(ada, bob, "viewer");
        using var viewer = await identity.GetAsync($"/api/audit-log?organization={TypeId.Format("org", ada.Organization)}", bob.Token);
        await IdentityServer.ProblemAsync(viewer, 403, "FORBIDDEN");
        (await ActionsAsync(bob, "")).ShouldBeEmpty("a viewer's membership opens nothing of the log");
        await JoinAsync(ada, bob, "admin");
        (await ActionsAsync(bob, $"?organization={TypeId.Format("org", ada.Organization)}")).ShouldBe(["api.published"]);
    }

    [Fact]
    public async Task WhatOthersDidToAnAccount_IsSeenByItWithoutWhereTheyWere()
    {
        var (ada, bob) = (await PersonAsync(), await PersonAsync());
        await WriteAsync(ada, new AuditChange("account.disabled", TypeId.Format("acc", bob.Account)));
        var seen = (await ListAsync(bob, "")).ShouldHaveSingleItem();
        seen.GetProperty("actor").GetString().ShouldBe(ada.Email);
        seen.GetProperty("address").ValueKind.ShouldBe(JsonValueKind.Null);
        seen.GetProperty("credential").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Operator_SeesAll_AndItsLookIsInTheLogOfTheOrganization()
    {
        var (ada, root) = (await PersonAsync(), await PersonAsync());
        await identity.Database.Database.AsWorkerAsync(session => session.ExecuteAsync("UPDATE identity.account SET role = 'admin' WHERE id = @Account", new { root.Account }), CancellationToken.None);
        await WriteAsync(ada, new AuditChange("api.published", "api_1", ada.Organization));
        (await ActionsAsync(root, $"?organization={TypeId.Format("org", ada.Organization)}")).ShouldBe(["audit_log.read", "api.published"]);
        (await ActionsAsync(root, "")).ShouldContain("api.published");
        var look = (await ListAsync(ada, $"?organization={TypeId.Format("org", ada.Organization)}&action=audit_log")).ShouldHaveSingleItem();
        look.GetProperty("actor").GetString().ShouldBe(root.Email);
    }

    [Fact]
    public async Task Search_TakesEveryFilterTogetherAndPagesInOrder()
    {
        var ada = await PersonAsync();
        for (var i = 0; i < 5; i++)
        {
            identity.Clock.Advance(TimeSpan.FromSeconds(10));
            await WriteAsync(ada, new AuditChange(i % 2 == 0 ? "key.created" : "key.revoked", $"key_{i}", ada.Organization));
        }
        var start = identity.Clock.GetUtcNow().AddSeconds(-40);
        var org = $"?organization={TypeId.Format("org", ada.Organization)}";
        (await SubjectsAsync(ada, org)).ShouldBe(["key_4", "key_3", "key_2", "key_1", "key_0"]);
        (await SubjectsAsync(ada, $"{org}&action=key.created")).ShouldBe(["key_4", "key_2", "key_0"]);
        (await SubjectsAsync(ada, $"{org}&action=key&subject=key_3")).ShouldBe(["key_3"]);
        (await SubjectsAsync(ada, $"{org}&action=ke")).ShouldBeEmpty();
        (await SubjectsAsync(ada, $"{org}&from={start.AddSeconds(10):yyyy-MM-ddTHH:mm:ss.fffZ}&to={start.AddSeconds(30):yyyy-MM-ddTHH:mm:ss.fffZ}")).ShouldBe(["key_2", "key_1"]);
        (await SubjectsAsync(ada, $"{org}&account={TypeId.Format("acc", Guid.CreateVersion7())}")).ShouldBeEmpty();
        (await SubjectsAsync(ada, $"?account={TypeId.Format("acc", ada.Account)}")).Count.ShouldBe(5);
        using var first = await identity.GetAsync($"/api/audit-log{org}&limit=2", ada.Token);
        var page = JsonDocument.Parse(await first.Content.ReadAsStringAsync()).RootElement;
        page.GetProperty("has_more").GetBoolean().ShouldBeTrue();
        (await SubjectsAsync(ada, $"{org}&limit=2&after={page.GetProperty("next").GetString()}")).ShouldBe(["key_2", "key_1"]);
        using var twice = await identity.GetAsync($"/api/audit-log{org}&limit=1&limit=2&from=2026-03-01T00:00:00Z&from=2026-03-02T00:00:00Z", ada.Token);
        (await IdentityServer.ProblemAsync(twice, 422, "VALIDATION_FAILED")).GetProperty("errors").GetArrayLength().ShouldBe(2);
        using var wrong = await identity.GetAsync("/api/audit-log?from=yesterday&account=me&format=xml&limit=0", ada.Token);
        (await IdentityServer.ProblemAsync(wrong, 422, "VALIDATION_FAILED")).GetProperty("errors").GetArrayLength().ShouldBe(4);
    }

    [Fact]
    public async Task Export_HasEveryEntryAndNoFormula()
    {
        var ada = await PersonAsync();
        await identity.Database.Database.AsAppAsync(ada.Tenant, async session =>
        {
            for (var i = 0; i < 1003; i++)
                await Log.WriteAsync(session, ada.Actor, new AuditChange("key.created", i == 0 ? "=cmd|' /C calc'!A0" : $"key_{i}", ada.Organization, After: new { name = "a, \"b\"" }));
            return 0;
        }, CancellationToken.None);
        var org = $"?organization={TypeId.Format("org", ada.Organization)}";
        using var csv = await identity.GetAsync($"/api/audit-log/export{org}", ada.Token);
        csv.Content.Headers.ContentType!.MediaType.ShouldBe("text/csv");
        csv.Content.Headers.ContentDisposition!.FileName.ShouldNotBeNull().ShouldEndWith(".csv");
        var lines = (await csv.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(1004);
        lines.ShouldContain(line => line.Contains(",'=cmd|' /C calc'!A0,", StringComparison.Ordinal));
        lines.ShouldContain(line => line.EndsWith("\"{\"\"name\"\":\"\"a, \\\"\"b\\\"\"\"\"}\"", StringComparison.Ordinal));
        using var jsonl = await identity.GetAsync($"/api/audit-log/export{org}&format=jsonl&subject=key_7", ada.Token);
        JsonDocument.Parse((await jsonl.Content.ReadAsStringAsync()).Trim()).RootElement.GetProperty("subject").GetString().ShouldBe("key_7");
    }

    [Fact]
    public async Task Secret_IsRefused()
    {
        var ada = await PersonAsync();
        await Should.ThrowAsync<InvalidOperationException>(() => WriteAsync(ada, new AuditChange("key.created", "key_1", After: new { list = new[] { new { secret = "tg_live_x" } } })));
    }

    [Fact]
    public async Task App_WritesInNobodyElsesNameAndIntoNoForeignLog()
    {
        var (ada, bob) = (await PersonAsync(), await PersonAsync());
        foreach (var (actor, organization) in new (AuditActor, Guid?)[] { (bob.Actor, null), (ada.Actor, bob.Organization) })
            (await Should.ThrowAsync<PostgresException>(() => identity.Database.Database.AsAppAsync(ada.Tenant, async session =>
            {
                await Log.WriteAsync(session, actor, new AuditChange("key.revoked", "key_1", organization));
                return 0;
            }, CancellationToken.None))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Theory]
    [InlineData("tollgate_app")]
    [InlineData("tollgate_worker")]
    [InlineData("tollgate_ingest")]
    public async Task Entries_AreNeitherChangedNorRemoved_WhateverIsGranted(string role)
    {
        await using (var grant = identity.Database.OwnerOrSuperuser.CreateCommand($"GRANT USAGE ON SCHEMA identity TO {role}; GRANT ALL ON identity.audit_entry TO {role}"))
            await grant.ExecuteNonQueryAsync();
        await using var source = NpgsqlDataSource.Create(identity.Database.ConnectionString(role));
        foreach (var sql in new[] { "UPDATE identity.audit_entry SET actor = 'nobody'", "DELETE FROM identity.audit_entry", "TRUNCATE identity.audit_entry" })
        {
            await using var command = source.CreateCommand(sql);
            (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).MessageText.ShouldBe("The audit log is append-only", sql);
            await using var superuser = identity.Database.OwnerOrSuperuser.CreateCommand(sql);
            (await Should.ThrowAsync<PostgresException>(() => superuser.ExecuteNonQueryAsync())).MessageText.ShouldBe("The audit log is append-only", sql);
        }
    }

    [Fact]
    public async Task Pruning_RemovesWhatIsPastItsRetentionAndNothingYoungerThanAYear()
    {
        await using (var plant = identity.Database.OwnerOrSuperuser.CreateCommand("""
            INSERT INTO identity.audit_entry (id, at, actor, means, action, subject)
            SELECT gen_random_uuid(), now() - make_interval(days => days), 'old', 'system', 'key.revoked', 'old_' || days FROM unnest(ARRAY[100, 364, 366, 900]) AS days
            """))
            await plant.ExecuteNonQueryAsync();
        (await identity.Database.Database.AsWorkerAsync(session => session.QuerySingleAsync<int>("SELECT identity.prune_audit_log(now() + interval '1 day', 100)"), CancellationToken.None)).ShouldBe(2);
        await using var left = identity.Database.OwnerOrSuperuser.CreateCommand("SELECT count(*) FROM identity.audit_entry WHERE actor = 'old'");
        (await left.ExecuteScalarAsync()).ShouldBe(2L);
    }

    private async Task<Person> PersonAsync()
    {
        var email = $"person{Interlocked.Increment(ref _people)}@audit.example";
        var body = await identity.RegisterAsync(email);
        TypeId.TryParse(body.GetProperty("account").GetProperty("id").GetString(), "acc", out var account).ShouldBeTrue();
        TypeId.TryParse(body.GetProperty("organization").GetProperty("id").GetString(), "org", out var organization).ShouldBeTrue();
        return new Person(email, account, organization, IdentityServer.Text(body, "access_token"));
    }

    private Task JoinAsync(Person of, Person member, string role) => identity.Database.OwnerOrSuperuser.CreateCommand($"""
        INSERT INTO identity.member (organization_id, account_id, role) VALUES ('{of.Organization}', '{member.Account}', '{role}')
        ON CONFLICT (organization_id, account_id) DO UPDATE SET role = '{role}'
        """).ExecuteNonQueryAsync();

    private Task WriteAsync(Person person, AuditChange change) => identity.Database.Database.AsAppAsync(person.Tenant, async session =>
    {
        await Log.WriteAsync(session, person.Actor, change);
        return 0;
    }, CancellationToken.None);

    private async Task<List<JsonElement>> ListAsync(Person person, string query)
    {
        using var response = await identity.GetAsync($"/api/audit-log{query}", person.Token);
        var body = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK, body);
        // Registering writes entries of its own; these tests look at what they wrote.
        return [.. JsonDocument.Parse(body).RootElement.GetProperty("data").EnumerateArray()
            .Where(entry => !entry.GetProperty("action").GetString()!.StartsWith("session.", StringComparison.Ordinal) && entry.GetProperty("action").GetString() != "account.registered")];
    }

    private async Task<List<string>> ActionsAsync(Person person, string query) => [.. (await ListAsync(person, query)).Select(entry => entry.GetProperty("action").GetString()!)];

    private async Task<List<string>> SubjectsAsync(Person person, string query) => [.. (await ListAsync(person, query)).Select(entry => entry.GetProperty("subject").GetString()!)];

    private sealed record Person(string Email, Guid Account, Guid Organization, string Token)
    {
        public TenantContext Tenant => new(Account, [Organization]);

        public AuditActor Actor => new(Email, AuditMeans.Session)
        {
            AccountId = Account,
            Credential = "ses_test",
            Address = IPAddress.Parse("192.0.2.7"),
            UserAgent = "test/1",
            RequestId = "req_test_1",
        };
    }
}
