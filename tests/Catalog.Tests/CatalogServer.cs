using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Identity;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Catalog.Tests;

/// <summary>The marketplace on a real server and database. APIs are published as the Gateway does it: through the steps, in the provider's transaction.</summary>
public sealed class CatalogServer : IAsyncLifetime
{
    private TestDatabase? _database;
    private TestServer? _server;
    private int _count;

    internal ManualClock Clock { get; } = new(new DateTimeOffset(2026, 11, 3, 10, 0, 0, TimeSpan.Zero));

    internal IDatabase Database => _database!.Database;

    internal T Get<T>()
        where T : notnull => _server!.Services.GetRequiredService<T>();

    internal Documents Apis { get; } = new();

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(FoundationModule.Sql, IdentityModule.Sql, MeteringModule.Sql, PlansModule.Sql, CatalogModule.Sql);
        _server = await TestServer.StartAsync(_database, (services, configuration) =>
        {
            services.AddIdentity(configuration).AddMetering(configuration).AddPlans(configuration).AddCatalog(configuration);
            services.AddSingleton<IPublishedApis>(Apis);
        }, app => app.MapCatalog(), Clock);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    internal Guid NewId() => TypeId.New(Clock);

    internal PublishedApi Api(string name, string summary = "", string description = "", string category = "other", params string[] tags)
    {
        var n = Interlocked.Increment(ref _count);
        Clock.Advance(TimeSpan.FromSeconds(1));
        return new PublishedApi(NewId(), NewId(), $"org-{n}", "Acme", $"api-{n}", name, summary, description, category, tags, 1, 3, Clock.GetUtcNow());
    }

    /// <summary>With plans at these prices, in dollars and cents a month.</summary>
    internal async Task<PublishedApi> PublishAsync(PublishedApi api, params long[] prices)
    {
        await AsAsync(api.OrganizationId, async session =>
        {
            foreach (var price in prices)
                await Get<IPlans>().CreateAsync(session, new Product("api", api.Id, api.OrganizationId), Draft(price));
            await Get<IPlans>().SetOnSaleAsync(session, api.Id, onSale: true);
            await Get<IApiPublicationStep>().PublishedAsync(session, api);
            return true;
        });
        return api;
    }

    internal Task UnpublishAsync(PublishedApi api) => AsAsync(api.OrganizationId, async session =>
    {
        await Get<IApiPublicationStep>().UnpublishedAsync(session, api.Id);
        return true;
    });

    internal static PlanDraft Draft(long price, PriceInterval interval = PriceInterval.Month) =>
        new($"Plan {price} {interval}", "", new Price(price, "usd", interval), [new Allowance("requests", 100, Window.Minute, PastAllowance.Deny, null)]);

    internal Task<T> AsAsync<T>(Guid organizationId, Func<DbSession, Task<T>> work) =>
        Database.AsAppAsync(TenantContext.ForOrganization(organizationId), work, TestContext.Current.CancellationToken);

    internal async Task<(int Status, JsonElement Body)> GetAsync(string path)
    {
        using var response = await _server!.Client.GetAsync(path, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement);
    }

    internal Task<HttpResponseMessage> SendAsync(string path) => _server!.Client.GetAsync(path, TestContext.Current.CancellationToken);

    /// <summary>Slugs of the listings found.</summary>
    internal async Task<List<string>> FindAsync(string query)
    {
        var (status, body) = await GetAsync($"/marketplace/discover?{query}");
        status.ShouldBe(200, body.ToString());
        return [.. body.GetProperty("data").EnumerateArray().Select(l => l.GetProperty("slug").GetString()!)];
    }

    /// <summary>The Gateway's part: two endpoints and a document for each API.</summary>
    internal sealed class Documents : IPublishedApis
    {
        public Task<IReadOnlyList<EndpointSummary>> EndpointsAsync(DbSession session, Guid apiId) => Task.FromResult<IReadOnlyList<EndpointSummary>>(
            [new EndpointSummary(apiId, "GET", "/forecast", "getForecast", "The forecast", "weather"), new EndpointSummary(apiId, "POST", "/reports", null, null, null)]);

        public Task<(byte[] Document, string MediaType)?> DocumentAsync(DbSession session, Guid apiId) =>
            Task.FromResult<(byte[] Document, string MediaType)?>((Encoding.UTF8.GetBytes("openapi: 3.1.0\n# as it was sent\n"), "application/yaml"));

        public string GatewayUrl(string organizationSlug, string apiSlug) => $"http://gateway.test/{organizationSlug}/{apiSlug}";
    }
}
