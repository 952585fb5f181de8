using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Gateway.Tests.Apis;

public sealed class PublicationTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task Publish_WithoutPlan_IsRefused()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("planless");

        (await person.PostAsync($"/api/apis/{id}/publish")).Is(422, "NO_PLAN");
    }

    [Fact]
    public async Task Publish_Draft_IsOnSaleServedAndListedWhenItAnswers()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("fresh");
        (await person.PostAsync($"/api/apis/{id}/plans", Person.Plan())).Is(201).Body.GetProperty("on_sale").GetBoolean().ShouldBeFalse();
        (await server.RoutesAsync(id)).ShouldBeEmpty();

        var answer = (await person.PostAsync($"/api/apis/{id}/publish", new { })).Is(200);

        answer.Text("status").ShouldBe("published");
        answer.Text("published_at").ShouldNotBeNull();
        server.Served.Of(id).ShouldBeGreaterThan(0);
        server.Step.Listings[id]!.EndpointCount.ShouldBe(2);
        (await person.GetAsync($"/api/apis/{id}/plans")).Body.GetProperty("data")[0].GetProperty("on_sale").GetBoolean().ShouldBeTrue();
        var route = (await server.RoutesAsync(id)).ShouldHaveSingleItem();
        route.SigningSecret.Length.ShouldBe(32);
        route.Operations.Select(operation => $"{operation.Method} {operation.Template}").ShouldBe(["GET /pets", "POST /pets"]);
        (await person.GetAsync($"/api/apis/{id}/signing-secret")).Is(200).Text("secret").ShouldBe(Convert.ToBase64String(route.SigningSecret));
    }

    [Fact]
    public async Task Publish_FindingsOfSeverityError_NeedAcceptance()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("findings", ApiServer.BrokenDocument);
        (await person.PostAsync($"/api/apis/{id}/plans", Person.Plan())).Is(201);

        (await person.PostAsync($"/api/apis/{id}/publish")).Is(422, "FINDINGS_NOT_ACCEPTED");
        (await person.PostAsync($"/api/apis/{id}/publish", new { accept_findings = true })).Is(200).Text("status").ShouldBe("published");
    }

    [Fact]
    public async Task Publish_StepFails_NothingIsPublished()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("fails");
        (await person.PostAsync($"/api/apis/{id}/plans", Person.Plan())).Is(201);
        server.Step.FailFor = "fails";

        (await person.PostAsync($"/api/apis/{id}/publish")).Is(500);

        server.Step.FailFor = null;
        (await person.GetAsync($"/api/apis/{id}")).Text("status").ShouldBe("draft");
        (await person.GetAsync($"/api/apis/{id}/plans")).Body.GetProperty("data")[0].GetProperty("on_sale").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task Unpublish_ClosesTheSaleAndGoesOnServing()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("withdrawn", published: true);
        var publishedAt = (await person.GetAsync($"/api/apis/{id}")).Text("published_at");

        (await person.PostAsync($"/api/apis/{id}/unpublish")).Is(200).Text("status").ShouldBe("unpublished");

        server.Step.Listings[id].ShouldBeNull();
        (await person.GetAsync($"/api/apis/{id}/plans")).Body.GetProperty("data")[0].GetProperty("on_sale").GetBoolean().ShouldBeFalse();
        (await server.RoutesAsync(id)).Count.ShouldBe(1);
        (await person.PostAsync($"/api/apis/{id}/publish")).Is(200).Text("published_at").ShouldBe(publishedAt);
    }

    [Fact]
    public async Task Unpublish_Draft_IsRefused()
    {
        var person = await server.PersonAsync();

        (await person.PostAsync($"/api/apis/{await person.ApiAsync("never")}/unpublish")).Is(409, "API_NOT_PUBLISHED");
    }

    [Fact]
    public async Task Archive_WithSubscriber_IsRefusedUntilItEnds()
    {
        var person = await server.PersonAsync();
        var buyer = await server.PersonAsync();
        var id = await person.ApiAsync("sold", published: true);
        TypeId.TryParse((await person.GetAsync($"/api/apis/{id}/plans")).Body.GetProperty("data")[0].GetProperty("id").GetString(), "plan", out var plan).ShouldBeTrue();
        var subscriptions = server.Server.Services.GetRequiredService<ISubscriptions>();
        var tenant = TenantContext.ForOrganization(buyer.OrganizationId);
        var subscription = (await server.Database.Database.AsAppAsync(tenant, session => subscriptions.SubscribeAsync(session, buyer.OrganizationId, plan), CancellationToken.None)).Value;

        (await person.PostAsync($"/api/apis/{id}/archive")).Is(409, "API_HAS_SUBSCRIBERS");
        (await person.GetAsync($"/api/apis/{id}")).Text("status").ShouldBe("published");
        var row = (await person.GetAsync("/api/apis")).Body.GetProperty("data")[0];
        (row.GetProperty("endpoint_count").GetInt32(), row.GetProperty("plan_count").GetInt32(), row.GetProperty("subscriber_count").GetInt32()).ShouldBe((2, 1, 1));

        await server.Database.Database.AsAppAsync(tenant, session => subscriptions.CancelAsync(session, subscription.Id), CancellationToken.None);
        (await person.PostAsync($"/api/apis/{id}/archive")).Is(200).Text("status").ShouldBe("archived");
        (await server.RoutesAsync(id)).ShouldBeEmpty();
        (await person.PostAsync($"/api/apis/{id}/publish")).Is(409, "API_ARCHIVED");
        (await person.PatchAsync($"/api/apis/{id}", new { name = "Late" }, "\"1\"")).Is(409, "API_ARCHIVED");
        (await person.PostAsync("/api/apis", Person.NewApi("sold"))).Is(201);
    }

    [Fact]
    public async Task Plans_OfAPublishedApi_AreVersionedAndNeverNone()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("planned", published: true);
        var plan = (await person.GetAsync($"/api/apis/{id}/plans")).Body.GetProperty("data")[0].GetProperty("id").GetString();

        (await person.PatchAsync($"/api/plans/{plan}", Person.Plan("Basic", 500))).Is(428);
        var revised = (await person.PatchAsync($"/api/plans/{plan}", Person.Plan("Basic", 500), "\"1\"")).Is(200);
        revised.ETag.ShouldBe("\"2\"");
        revised.Body.GetProperty("price").GetProperty("amount").GetInt64().ShouldBe(500);
        (await person.PatchAsync($"/api/plans/{plan}", Person.Plan("Basic", 700), "\"1\"")).Is(412);
        (await person.PostAsync($"/api/plans/{plan}/archive")).Is(409, "LAST_PLAN");
        (await person.PostAsync($"/api/apis/{id}/plans", Person.Plan("Second"), "plan-key")).Is(201).Body.GetProperty("on_sale").GetBoolean().ShouldBeTrue();
        (await person.PostAsync($"/api/apis/{id}/plans", Person.Plan("Second"), "plan-key")).Is(201);
        (await person.PostAsync($"/api/apis/{id}/plans", Person.Plan("Second"))).Is(409, "PLAN_NAME_TAKEN");
        (await person.PostAsync($"/api/plans/{plan}/archive")).Is(200).Body.GetProperty("archived").GetBoolean().ShouldBeTrue();
        (await person.GetAsync($"/api/apis/{id}/plans")).Body.GetProperty("data").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task List_ManyApis_IsPaged()
    {
        var person = await server.PersonAsync();
        foreach (var slug in new[] { "one", "two", "three" })
            await person.ApiAsync(slug);

        var first = (await person.GetAsync("/api/apis?limit=2")).Is(200).Body;
        var second = (await person.GetAsync($"/api/apis?limit=2&organization={person.Slug}&after={first.GetProperty("next").GetString()}")).Is(200).Body;

        first.GetProperty("data").EnumerateArray().Concat(second.GetProperty("data").EnumerateArray()).Select(row => row.GetProperty("slug").GetString()).ShouldBe(["three", "two", "one"]);
        (first.GetProperty("has_more").GetBoolean(), second.GetProperty("has_more").GetBoolean()).ShouldBe((true, false));
        (await person.GetAsync("/api/apis?limit=0")).Is(422);
        (await person.GetAsync("/api/apis?after=!")).Is(422);
        (await person.GetAsync("/api/apis?organization=nobody-here")).Is(404);
    }

    [Fact]
    public async Task RowSecurity_PublishedApi_ShowsStrangersNoUpstream()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("secured", published: true);
        TypeId.TryParse(id, "api", out var apiId).ShouldBeTrue();
        var stranger = TenantContext.ForOrganization((await server.PersonAsync()).OrganizationId);
        Task<long> CountAsync(TenantContext tenant, string table, string column) => server.Database.Database.AsAppAsync(
            tenant, session => session.QuerySingleAsync<long>($"SELECT count(*) FROM gateway.{table} WHERE {column} = @apiId", new { apiId }), CancellationToken.None);

        foreach (var tenant in new[] { stranger, TenantContext.Nobody })
        {
            (await CountAsync(tenant, "api_upstream", "api_id")).ShouldBe(0);
            (await CountAsync(tenant, "api", "id")).ShouldBe(1);
            (await CountAsync(tenant, "endpoint", "api_id")).ShouldBe(2);
        }
        (await person.PostAsync($"/api/apis/{id}/unpublish")).Is(200);
        (await CountAsync(stranger, "endpoint", "api_id")).ShouldBe(0);
        (await CountAsync(stranger, "api_document", "api_id")).ShouldBe(0);
    }
}
