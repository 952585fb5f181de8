namespace Tollgate.Catalog.Tests.Discovery;

public sealed class ListingTests(CatalogServer server) : IClassFixture<CatalogServer>
{
    [Fact]
    public async Task Listing_Published_HasPlansEndpointsAndAddress()
    {
        var api = await server.PublishAsync(server.Api("Full", "Summary", "# Description", "weather"), 1900, 0);

        var (status, body) = await server.GetAsync($"/marketplace/listings/{api.OrganizationSlug}/{api.Slug}");

        status.ShouldBe(200);
        body.GetProperty("name").GetString().ShouldBe("Full");
        body.GetProperty("description").GetString().ShouldBe("# Description");
        body.GetProperty("version").GetInt32().ShouldBe(1);
        body.GetProperty("gateway_url").GetString().ShouldBe($"http://gateway.test/{api.OrganizationSlug}/{api.Slug}");
        body.GetProperty("endpoints").EnumerateArray().Select(e => $"{e.GetProperty("method")} {e.GetProperty("path")}").ShouldBe(["GET /forecast", "POST /reports"]);
        body.GetProperty("plans").EnumerateArray().Select(p => p.GetProperty("price").GetProperty("amount").GetInt64()).ShouldBe([0, 1900]);
        body.GetProperty("requests_30d").GetInt64().ShouldBe(0);
    }

    [Fact]
    public async Task Listing_Unknown_IsNotFound()
    {
        var (status, body) = await server.GetAsync("/marketplace/listings/nobody/nothing");

        status.ShouldBe(404);
        body.GetProperty("code").GetString().ShouldBe("NOT_FOUND");
        (await server.GetAsync("/marketplace/listings/nobody/nothing/openapi")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Document_OfAPublishedApi_IsAsItWasSent()
    {
        var api = await server.PublishAsync(server.Api("Documented"), 0);

        using var response = await server.SendAsync($"/marketplace/listings/{api.OrganizationSlug}/{api.Slug}/openapi");

        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/yaml");
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("openapi: 3.1.0\n# as it was sent\n");
    }

    [Fact]
    public async Task Categories_All_AreCountedInTheirOrder()
    {
        await server.PublishAsync(server.Api("Counted", category: "finance"), 0);
        await server.UnpublishAsync(await server.PublishAsync(server.Api("Not counted", category: "finance"), 0));

        var data = (await server.GetAsync("/marketplace/categories")).Body.GetProperty("data").EnumerateArray().ToList();

        data[0].GetProperty("slug").GetString().ShouldBe("ai");
        data[^1].GetProperty("name").GetString().ShouldBe("Other");
        data.Single(c => c.GetProperty("slug").GetString() == "finance").GetProperty("listing_count").GetInt64().ShouldBe(1);
    }
}
