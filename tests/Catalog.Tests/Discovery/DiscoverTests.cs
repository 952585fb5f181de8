using Tollgate.Gateway;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Catalog.Tests.Discovery;

public sealed class DiscoverTests(CatalogServer server) : IClassFixture<CatalogServer>
{
    [Fact]
    public async Task Discover_Published_HasTheFixedShape()
    {
        var api = await server.PublishAsync(server.Api("Shape", "A summary", "Long", "data", "shape-only"), 1900, 0, 900);

        var (_, body) = await server.GetAsync("/marketplace/discover?tag=shape-only");

        body.GetProperty("total").GetInt64().ShouldBe(1);
        body.GetProperty("has_more").GetBoolean().ShouldBeFalse();
        body.GetProperty("data")[0].GetRawText().ShouldBe($$"""
            {"api_id":"{{Foundation.TypeId.Format("api", api.Id)}}","organization":{"slug":"{{api.OrganizationSlug}}","name":"Acme"},"slug":"{{api.Slug}}","name":"Shape","summary":"A summary","category":"data","tags":["shape-only"],"rating":null,"rating_count":0,"price_from":{"amount":900,"currency":"usd","interval":"month"},"free_plan":true,"endpoint_count":3,"subscriber_count":0,"published_at":"{{api.PublishedAt:yyyy-MM-dd'T'HH:mm:ss}}+00:00","latency_ms_p50":null,"success_rate":null,"requests_30d":0}
            """.Trim());
    }

    [Theory]
    [InlineData("thunderst", true)]
    [InlineData("thunderstorms", true)]
    [InlineData("thunderstorm ala", true)]
    [InlineData("Thunderstorm ALARM", true)]
    [InlineData("alarming", true)]
    [InlineData("lightn", true)]
    [InlineData("hailst", true)]
    [InlineData("tornado or hailstone", true)]
    [InlineData("\"thunderstorm alarm\"", true)]
    [InlineData("\"alarm thunderstorm\"", false)]
    [InlineData("thunderstorm -alarm", false)]
    [InlineData("thunderstorm zebra", false)]
    [InlineData("hunder", false)]
    [InlineData("  thunderstorm  ", true)]
    [InlineData("thunderstorm & | ! ( ' :*", true)]
    [InlineData("thunderstorm\\", true)]
    public async Task Discover_Words_FindsWholeWordsAndTheBeginningOfTheLast(string q, bool found)
    {
        var api = await server.PublishAsync(server.Api("Thunderstorm alarm", "Warns of lightning", "Hailstones too", "weather", "storms"), 0);

        (await server.FindAsync($"q={Uri.EscapeDataString(q)}")).Contains(api.Slug).ShouldBe(found);
    }

    [Fact]
    public async Task Discover_ByRelevance_TheNameBeforeTheSummaryBeforeTheDescription()
    {
        var description = await server.PublishAsync(server.Api("One", "x", "All about quokkas"), 0);
        var summary = await server.PublishAsync(server.Api("Two", "Quokkas", "x"), 0);
        var name = await server.PublishAsync(server.Api("Quokka", "x", "x"), 0);

        (await server.FindAsync("q=quokka")).ShouldBe([name.Slug, summary.Slug, description.Slug]);
        (await server.FindAsync("q=quokka&sort=newest")).ShouldBe([name.Slug, summary.Slug, description.Slug]);
        (await server.FindAsync("q=quokk&limit=1")).ShouldBe([name.Slug]);
    }

    [Fact]
    public async Task Discover_CategoryAndTag_Narrow()
    {
        var both = await server.PublishAsync(server.Api("Narrow one", category: "maps", tags: ["narrow", "tiles"]), 0);
        var tagged = await server.PublishAsync(server.Api("Narrow two", category: "media", tags: "narrow"), 0);

        (await server.FindAsync("tag=narrow&sort=newest")).ShouldBe([tagged.Slug, both.Slug]);
        (await server.FindAsync("tag=Narrow&category=maps")).ShouldBe([both.Slug]);
        (await server.FindAsync("tag=narrow&category=nowhere")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("newest")]
    [InlineData("price")]
    [InlineData("popular")]
    [InlineData("rating")]
    [InlineData("relevance")]
    public async Task Discover_PageByPage_GivesEachOnceInOrder(string sort)
    {
        var tag = $"pages-{sort}";
        for (var i = 0; i < 7; i++)
            await server.PublishAsync(server.Api($"Page {sort}", tags: tag), 100 * (i / 2), 5000);
        var whole = await server.FindAsync($"tag={tag}&sort={sort}");

        var pages = new List<string>();
        string? after = null;
        do
        {
            var (_, body) = await server.GetAsync($"/marketplace/discover?tag={tag}&sort={sort}&limit=2&after={after}");
            body.GetProperty("total").GetInt64().ShouldBe(7);
            pages.AddRange(body.GetProperty("data").EnumerateArray().Select(l => l.GetProperty("slug").GetString()!));
            after = body.GetProperty("next").GetString();
        }
        while (after is not null);

        whole.Count.ShouldBe(7);
        pages.ShouldBe(whole);
    }

    [Fact]
    public async Task Discover_NewListingBetweenPages_MovesNoOther()
    {
        var first = await server.PublishAsync(server.Api("Seam one", tags: "seam"), 0);
        var second = await server.PublishAsync(server.Api("Seam two", tags: "seam"), 0);
        var (_, body) = await server.GetAsync("/marketplace/discover?tag=seam&sort=newest&limit=1");
        await server.PublishAsync(server.Api("Seam three", tags: "seam"), 0);

        body.GetProperty("data")[0].GetProperty("slug").GetString().ShouldBe(second.Slug);
        (await server.FindAsync($"tag=seam&sort=newest&after={body.GetProperty("next").GetString()}")).ShouldBe([first.Slug]);
    }

    [Fact]
    public async Task Discover_ByPrice_FreeThenCheapestThenWithoutAPlan()
    {
        var none = await server.PublishAsync(server.Api("Priced none", tags: "priced"));
        var dear = await server.PublishAsync(server.Api("Priced dear", tags: "priced"), 5000);
        var cheap = await server.PublishAsync(server.Api("Priced cheap", tags: "priced"), 1000, 9000);
        var free = await server.PublishAsync(server.Api("Priced free", tags: "priced"), 0, 9900);

        (await server.FindAsync("tag=priced&sort=price")).ShouldBe([free.Slug, cheap.Slug, dear.Slug, none.Slug]);
    }

    [Fact]
    public async Task Discover_PlanAddedOrArchived_ShowsTheNewPriceAtOnce()
    {
        var api = await server.PublishAsync(server.Api("Repriced", tags: "repriced"), 5000);
        var product = new Product("api", api.Id, api.OrganizationId);

        var yearly = await server.AsAsync(api.OrganizationId, s => server.Get<IPlans>().CreateAsync(s, product, CatalogServer.Draft(12_000, PriceInterval.Year)));
        (await PriceAsync("repriced")).ShouldBe("12000 year");
        await server.AsAsync(api.OrganizationId, s => server.Get<IPlans>().ReviseAsync(s, yearly.Value.Id, 1, CatalogServer.Draft(100_000, PriceInterval.Year)));
        (await PriceAsync("repriced")).ShouldBe("5000 month");
        await server.AsAsync(api.OrganizationId, s => server.Get<IPlans>().ReviseAsync(s, yearly.Value.Id, 2, CatalogServer.Draft(1200, PriceInterval.Year)));
        await server.AsAsync(api.OrganizationId, s => server.Get<IPlans>().ArchiveAsync(s, yearly.Value.Id));
        (await PriceAsync("repriced")).ShouldBe("5000 month");
    }

    [Fact]
    public async Task Discover_Unpublished_IsGoneAndComesBack()
    {
        var api = await server.PublishAsync(server.Api("Comes and goes", tags: "tidal"), 0);
        await server.UnpublishAsync(api);

        (await server.FindAsync("tag=tidal")).ShouldBeEmpty();
        (await server.GetAsync($"/marketplace/listings/{api.OrganizationSlug}/{api.Slug}")).Status.ShouldBe(404);
        await server.PublishAsync(api with { Name = "Came back" });
        (await server.GetAsync("/marketplace/discover?tag=tidal")).Body.GetProperty("data")[0].GetProperty("name").GetString().ShouldBe("Came back");
    }

    [Theory]
    [InlineData("sort=shoe", "sort", "UNKNOWN_VALUE")]
    [InlineData("limit=0", "limit", "OUT_OF_RANGE")]
    [InlineData("limit=201", "limit", "OUT_OF_RANGE")]
    [InlineData("after=!!!", "after", "CURSOR_INVALID")]
    [InlineData("after=bm9uZQ", "after", "CURSOR_INVALID")]
    public async Task Discover_WrongParameter_IsRefusedByName(string query, string path, string code)
    {
        var (status, body) = await server.GetAsync($"/marketplace/discover?{query}");

        status.ShouldBe(422);
        var error = body.GetProperty("errors")[0];
        (error.GetProperty("path").GetString(), error.GetProperty("code").GetString()).ShouldBe((path, code));
    }

    [Fact]
    public async Task Discover_SeveralWrongParameters_AreAllNamed()
    {
        var (status, body) = await server.GetAsync($"/marketplace/discover?sort=shoe&limit=few&after=!!!&q={new string('x', 201)}");

        status.ShouldBe(422);
        body.GetProperty("errors").EnumerateArray().Select(error => $"{error.GetProperty("path").GetString()} {error.GetProperty("code").GetString()}")
            .ShouldBe(["q TOO_LONG", "sort UNKNOWN_VALUE", "limit TYPE_INVALID", "after CURSOR_INVALID"]);
    }

    [Fact]
    public async Task Discover_CursorOfAnotherOrder_IsRefused()
    {
        await server.PublishAsync(server.Api("Mixed", tags: "mixed"), 0);
        await server.PublishAsync(server.Api("Mixed", tags: "mixed"), 0);
        var next = (await server.GetAsync("/marketplace/discover?tag=mixed&sort=newest&limit=1")).Body.GetProperty("next").GetString();

        (await server.GetAsync($"/marketplace/discover?tag=mixed&sort=price&limit=1&after={next}")).Status.ShouldBe(422);
    }

    [Fact]
    public async Task Discover_StrangeText_IsNeverAnError()
    {
        foreach (var q in new[] { "", " ", "\0", "a\0b", "'", "\"", "-", "or", "and or not", "%", "<->", ":*", "é", "日本", "🦘", "a:b*c", "--", "()", "!", "\\", new string('x', 200) })
            await server.FindAsync($"q={Uri.EscapeDataString(q)}");
    }

    private async Task<string> PriceAsync(string tag)
    {
        var price = (await server.GetAsync($"/marketplace/discover?tag={tag}")).Body.GetProperty("data")[0].GetProperty("price_from");
        return $"{price.GetProperty("amount").GetInt64()} {price.GetProperty("interval").GetString()}";
    }
}
