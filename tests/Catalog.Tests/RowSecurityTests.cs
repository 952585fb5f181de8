using Npgsql;
using Tollgate.Foundation;

namespace Tollgate.Catalog.Tests;

/// <summary>Each table against a foreign tenant and each role.</summary>
public sealed class RowSecurityTests(CatalogServer server) : IClassFixture<CatalogServer>
{
    private static readonly string[] Tables = ["listing", "listing_statistics", "category"];

    [Fact]
    public async Task Select_Unpublished_IsSeenByItsPublisherOnly()
    {
        var api = await server.PublishAsync(server.Api("Hidden"), 0);
        await server.Get<RefreshListingStatistics>().RunAsync(TestContext.Current.CancellationToken);
        (await CountAsync(server.NewId(), "listing", api.Id)).ShouldBe(1);
        await server.UnpublishAsync(api);

        foreach (var table in new[] { "listing", "listing_statistics" })
        {
            (await CountAsync(server.NewId(), table, api.Id)).ShouldBe(0, table);
            (await CountAsync(api.OrganizationId, table, api.Id)).ShouldBe(1, table);
        }
    }

    [Fact]
    public async Task Write_AnotherOrganizationsListing_IsRefusedOrWithoutEffect()
    {
        var api = await server.PublishAsync(server.Api("Mine"), 0);
        var stranger = server.NewId();

        (await server.AsAsync(stranger, s => s.ExecuteAsync("UPDATE catalog.listing SET name = 'theirs' WHERE api_id = @id", new { id = api.Id }))).ShouldBe(0);
        await RefusedAsync(() => server.AsAsync(stranger, async s =>
        {
            await server.Get<Gateway.IApiPublicationStep>().PublishedAsync(s, server.Api("Theirs"));
            return true;
        }));
        await RefusedAsync(() => server.AsAsync(stranger, async s =>
        {
            await server.Get<Gateway.IApiPublicationStep>().PublishedAsync(s, api with { Name = "Taken over" });
            return true;
        }));
    }

    [Fact]
    public async Task Write_WithoutAGrant_IsRefused()
    {
        foreach (var table in Tables)
            await RefusedAsync(() => server.AsAsync(server.NewId(), s => s.ExecuteAsync($"DELETE FROM catalog.{table}")));
        await RefusedAsync(() => server.AsAsync(server.NewId(), s => s.ExecuteAsync("UPDATE catalog.listing_statistics SET requests_30d = 1")));
        await RefusedAsync(() => server.AsAsync(server.NewId(), s => s.ExecuteAsync("UPDATE catalog.category SET name = ''")));
        await RefusedAsync(() => server.Database.AsWorkerAsync(s => s.ExecuteAsync("UPDATE catalog.listing SET name = ''"), TestContext.Current.CancellationToken));
        foreach (var table in Tables)
            await RefusedAsync(() => server.Database.AsIngestAsync(s => s.ExecuteAsync($"SELECT FROM catalog.{table}"), TestContext.Current.CancellationToken));
    }

    private Task<long> CountAsync(Guid organization, string table, Guid id) =>
        server.AsAsync(organization, s => s.QuerySingleAsync<long>($"SELECT count(*) FROM catalog.{table} WHERE api_id = @id", new { id }));

    private static async Task RefusedAsync(Func<Task> work) =>
        (await Should.ThrowAsync<PostgresException>(work)).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
}
