using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Catalog.Tests;

public sealed class RefreshListingStatisticsTests(CatalogServer server) : IClassFixture<CatalogServer>
{
    [Fact]
    public async Task Run_SubscribersAndUsage_AreShownAndOrderThePopular()
    {
        var quiet = await server.PublishAsync(server.Api("Quiet", tags: "busy"), 0);
        var used = await server.PublishAsync(server.Api("Used", tags: "busy"), 0);
        var loved = await server.PublishAsync(server.Api("Loved", tags: "busy"), 0);
        await SubscribeAsync(loved);
        await UseAsync(used.Id, server.Clock.GetUtcNow(), requests: 90, refused: 10, errors: 9);
        await UseAsync(used.Id, server.Clock.GetUtcNow().AddDays(-31), requests: 5000, refused: 0, errors: 0);

        await server.Get<RefreshListingStatistics>().RunAsync(TestContext.Current.CancellationToken);
        await server.Get<RefreshListingStatistics>().RunAsync(TestContext.Current.CancellationToken);

        (await server.FindAsync("tag=busy")).ShouldBe([loved.Slug, used.Slug, quiet.Slug]);
        var body = (await server.GetAsync($"/marketplace/listings/{used.OrganizationSlug}/{used.Slug}")).Body;
        body.GetProperty("requests_30d").GetInt64().ShouldBe(90);
        body.GetProperty("success_rate").GetDouble().ShouldBe(0.9);
        body.GetProperty("latency_ms_p50").GetDouble().ShouldBeInRange(0.9, 1.1);
        (await server.GetAsync($"/marketplace/listings/{loved.OrganizationSlug}/{loved.Slug}")).Body.GetProperty("subscriber_count").GetInt64().ShouldBe(1);
    }

    private async Task SubscribeAsync(PublishedApi api)
    {
        var consumer = await server.Get<Identity.IAccountSeeder>().EnsureAccountAsync($"{api.Slug}@example.com", "Consumer", "correct horse battery", false, TestContext.Current.CancellationToken);
        var plan = (await server.AsAsync(api.OrganizationId, s => server.Get<IPlans>().OfProductAsync(s, api.Id)))[0];
        (await server.AsAsync(consumer.Organization.Id, s => server.Get<ISubscriptions>().SubscribeAsync(s, consumer.Organization.Id, plan.Id))).Succeeded.ShouldBeTrue();
    }

    // As the shipper writes them.
    private Task UseAsync(Guid api, DateTimeOffset at, long requests, long refused, long errors) => server.Database.AsIngestAsync(async session =>
    {
        var row = new { api, day = new DateTimeOffset(at.UtcDateTime.Date, TimeSpan.Zero), id = server.NewId(), requests, refused, calls = requests + refused, errors };
        // Bucket 73 is a millisecond.
        return await session.ExecuteAsync("""
            INSERT INTO metering.usage_daily VALUES (@day, @id, @api, @id, @id, @requests, @calls, @refused, 0, @errors, @requests - @errors, 0, @refused, @errors, 0, 0,
              @requests * metering.latency_unit(73::smallint))
            """, row);
    }, TestContext.Current.CancellationToken);
}
