using Npgsql;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Subscriptions;

public sealed class SubscriptionEndpointTests(AdmissionServer server) : IClassFixture<AdmissionServer>
{
    [Fact]
    public async Task Subscribe_PlanOnSale_AnswersAKeyThatWorksAtOnce()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(2, Window.Month));
        var person = await server.RegisterAsync();
        var (status, body) = await person.SendAsync(HttpMethod.Post, "/api/subscriptions", new { plan_id = TypeId.Format("plan", plan.Id) });

        status.ShouldBe(201, body.ToString());
        body.GetProperty("status").GetString().ShouldBe("active");
        body.GetProperty("source").GetString().ShouldBe("free");
        body.GetProperty("plan").GetProperty("name").GetString().ShouldBe("Basic");
        body.GetProperty("product").GetProperty("kind").GetString().ShouldBe("api");
        body.GetProperty("organization_id").GetString().ShouldBe(TypeId.Format("org", person.Organization));
        var secret = body.GetProperty("key").GetProperty("secret").GetString()!;
        secret.ShouldStartWith(body.GetProperty("key").GetProperty("prefix").GetString()!);
        server.Call(secret, plan).Verdict.ShouldBe(AdmissionVerdict.Admitted);
    }

    [Fact]
    public async Task Get_AfterCalls_ShowsWhatIsLeftAndNoSecret()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(3, Window.Month));
        var person = await server.RegisterAsync();
        var (id, _, secret) = await person.SubscribeAsync(plan);
        for (var i = 0; i < 4; i++)
            server.Call(secret, plan).Admitted.ShouldBe(i < 3);

        var (status, body) = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{id}");
        status.ShouldBe(200);
        body.TryGetProperty("key", out _).ShouldBeFalse();
        var usage = body.GetProperty("usage")[0];
        usage.GetProperty("meter").GetString().ShouldBe("requests");
        usage.GetProperty("window").GetString().ShouldBe("month");
        usage.GetProperty("used").GetInt64().ShouldBe(3);
        usage.GetProperty("remaining").GetInt64().ShouldBe(0);
        usage.GetProperty("past").GetString().ShouldBe("deny");
    }

    [Fact]
    public async Task Get_AfterTheOrganizationMoved_TellsTheZoneOfTheRunningPeriod()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(3, Window.Month));
        var person = await server.RegisterAsync();
        await MovesAsync("Asia/Tokyo");
        var (id, _, _) = await person.SubscribeAsync(plan);
        await MovesAsync("Europe/Lisbon");

        (await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{id}")).Body.GetProperty("time_zone").GetString().ShouldBe("Asia/Tokyo");
        (await person.SendAsync(HttpMethod.Get, "/api/subscriptions")).Body.GetProperty("data")[0].GetProperty("time_zone").GetString().ShouldBe("Asia/Tokyo");

        async Task MovesAsync(string zone)
        {
            var (status, body) = await person.SendAsync(HttpMethod.Patch, $"/api/organizations/{TypeId.Format("org", person.Organization)}", new { time_zone = zone });
            status.ShouldBe(200, body.ToString());
        }
    }

    [Fact]
    public async Task Cancel_Subscription_RefusesItsKeysAtOnceAndTwiceIsNoError()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(100, Window.Month));
        var person = await server.RegisterAsync();
        var (id, _, secret) = await person.SubscribeAsync(plan);
        for (var i = 0; i < 2; i++)
        {
            var (status, body) = await person.SendAsync(HttpMethod.Delete, $"/api/subscriptions/{id}");
            status.ShouldBe(200, body.ToString());
            body.GetProperty("status").GetString().ShouldBe("canceled");
        }
        server.Call(secret, plan).Verdict.ShouldBe(AdmissionVerdict.SubscriptionInactive);
        (await person.SendAsync(HttpMethod.Post, $"/api/subscriptions/{id}/keys", new { name = "late" })).Status.ShouldBe(409);
    }

    [Fact]
    public async Task Subscribe_ComingBackWithinThePeriod_ResumesItsCounters()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(3, Window.Month));
        var person = await server.RegisterAsync();
        var (id, _, first) = await person.SubscribeAsync(plan);
        server.Call(first, plan).Admitted.ShouldBeTrue();
        server.Call(first, plan).Admitted.ShouldBeTrue();
        await person.SendAsync(HttpMethod.Delete, $"/api/subscriptions/{id}");
        var (again, _, second) = await person.SubscribeAsync(plan);
        again.ShouldBe(id);
        server.Call(second, plan).Admitted.ShouldBeTrue();
        server.Call(second, plan).Verdict.ShouldBe(AdmissionVerdict.RateLimited);
    }

    [Fact]
    public async Task Subscribe_Twice_Is409()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(3, Window.Month));
        var person = await server.RegisterAsync();
        await person.SubscribeAsync(plan);
        var (status, body) = await person.SendAsync(HttpMethod.Post, "/api/subscriptions", new { plan_id = TypeId.Format("plan", plan.Id) });
        status.ShouldBe(409);
        body.GetProperty("code").GetString().ShouldBe("ALREADY_SUBSCRIBED");
    }

    [Theory]
    [InlineData("{}", 422, "VALIDATION_FAILED")]
    [InlineData("{\"plan_id\":\"plan_01h455vb4pex5vsknk084sn02q\"}", 404, "NOT_FOUND")]
    [InlineData("{\"plan_id\":\"nonsense\"}", 404, "NOT_FOUND")]
    [InlineData("{\"plan_id\":\"plan_01h455vb4pex5vsknk084sn02q\",\"organization\":\"foreign\"}", 404, "NOT_FOUND")]
    public async Task Subscribe_WrongInput_IsAProblem(string json, int expected, string code)
    {
        var person = await server.RegisterAsync();
        var (status, body) = await person.SendAsync(HttpMethod.Post, "/api/subscriptions", System.Text.Json.JsonDocument.Parse(json).RootElement);
        status.ShouldBe(expected, body.ToString());
        body.GetProperty("code").GetString().ShouldBe(code);
    }

    [Fact]
    public async Task Subscribe_SameIdempotencyKey_AnswersTheSameSecretAndMakesOneKey()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(3, Window.Month));
        var person = await server.RegisterAsync();
        var request = new { plan_id = TypeId.Format("plan", plan.Id) };
        var first = await person.SendAsync(HttpMethod.Post, "/api/subscriptions", request, "once-only-1");
        var second = await person.SendAsync(HttpMethod.Post, "/api/subscriptions", request, "once-only-1");
        first.Status.ShouldBe(201, first.Body.ToString());
        second.Status.ShouldBe(201);
        var secret = first.Body.GetProperty("key").GetProperty("secret").GetString()!;
        second.Body.GetProperty("key").GetProperty("secret").GetString().ShouldBe(secret);
        var keys = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{first.Body.GetProperty("id").GetString()}/keys");
        keys.Body.GetProperty("data").GetArrayLength().ShouldBe(1);
        await AdmissionServer.UntilAsync(() => server.Call(secret, plan).Verdict == AdmissionVerdict.Admitted, "the key works");
    }

    [Fact]
    public async Task List_Pages_NewestFirstWithoutAnother()
    {
        var provider = await server.RegisterAsync();
        var person = await server.RegisterAsync();
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
            ids.Insert(0, (await person.SubscribeAsync(await server.PlanAsync(provider, Node.Deny(3, Window.Month)))).Id);
        await (await server.RegisterAsync()).SubscribeAsync(await server.PlanAsync(provider, Node.Deny(3, Window.Month)));

        var (_, page) = await person.SendAsync(HttpMethod.Get, "/api/subscriptions?limit=2");
        page.GetProperty("has_more").GetBoolean().ShouldBeTrue();
        var (_, rest) = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions?limit=2&after={page.GetProperty("next").GetString()}");
        rest.GetProperty("has_more").GetBoolean().ShouldBeFalse();
        page.GetProperty("data").EnumerateArray().Concat(rest.GetProperty("data").EnumerateArray()).Select(row => row.GetProperty("id").GetString()).ShouldBe(ids);
    }

    [Fact]
    public async Task List_SeveralWrongParameters_AreAllNamed()
    {
        var person = await server.RegisterAsync();

        var (status, problem) = await person.SendAsync(HttpMethod.Get, "/api/subscriptions?limit=201&after=abc");

        (status, problem.GetProperty("code").GetString()).ShouldBe((422, "VALIDATION_FAILED"));
        problem.GetProperty("errors").EnumerateArray().Select(error => $"{error.GetProperty("path").GetString()} {error.GetProperty("code").GetString()}")
            .ShouldBe(["limit OUT_OF_RANGE", "after CURSOR_INVALID"]);
        (await person.SendAsync(HttpMethod.Get, "/api/subscriptions?organization=somebody-else")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task EveryEndpoint_ForeignOrMissingTenant_Is404Or401()
    {
        var provider = await server.RegisterAsync();
        var plan = await server.PlanAsync(provider, Node.Deny(3, Window.Month));
        var owner = await server.RegisterAsync();
        var (id, keyId, secret) = await owner.SubscribeAsync(plan);
        var stranger = await server.RegisterAsync();
        (HttpMethod Method, string Path)[] endpoints =
        [
            (HttpMethod.Get, $"/api/subscriptions/{id}"), (HttpMethod.Delete, $"/api/subscriptions/{id}"), (HttpMethod.Get, $"/api/subscriptions/{id}/keys"),
            (HttpMethod.Post, $"/api/subscriptions/{id}/keys"), (HttpMethod.Delete, $"/api/keys/{keyId}"),
        ];
        foreach (var (method, path) in endpoints)
        {
            foreach (var other in new[] { stranger, provider })
                (await other.SendAsync(method, path, method == HttpMethod.Post ? new { name = "x" } : null)).Status.ShouldBe(404, $"{method} {path}");
            var nobody = owner with { Token = "x" };
            (await nobody.SendAsync(method, path, method == HttpMethod.Post ? new { name = "x" } : null)).Status.ShouldBe(401, $"{method} {path}");
        }
        (await stranger.SendAsync(HttpMethod.Get, "/api/subscriptions")).Body.GetProperty("data").GetArrayLength().ShouldBe(0);
        server.Call(secret, plan).Admitted.ShouldBeTrue();
    }

    [Theory]
    [InlineData("tollgate_app")]
    [InlineData("tollgate_ingest")]
    public async Task Key_RowsOfAnotherTenantAndDigests_AreOutOfReach(string role)
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), Node.Deny(3, Window.Month));
        await (await server.RegisterAsync()).SubscribeAsync(plan);
        await using var source = NpgsqlDataSource.Create(server.Database.ConnectionString(role));
        await Should.ThrowAsync<PostgresException>(async () => await source.CreateCommand("SELECT digest FROM admission.key").ExecuteNonQueryAsync());
        if (role == "tollgate_app")
            (await source.CreateCommand("SELECT count(id) FROM admission.key").ExecuteScalarAsync()).ShouldBe(0L);
        else
            await Should.ThrowAsync<PostgresException>(async () => await source.CreateCommand("SELECT count(id) FROM admission.key").ExecuteNonQueryAsync());
    }
}
