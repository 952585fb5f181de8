using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Gateway.Apis;

internal sealed class PublishedApis(GatewayAddress address) : IPublishedApis
{
    public Task<IReadOnlyList<EndpointSummary>> EndpointsAsync(DbSession session, Guid apiId) => session.QueryAsync<EndpointSummary>("""
        SELECT e.id, e.method, e.path, e.operation_id, e.summary, e.tag FROM gateway.endpoint e JOIN gateway.api a ON a.id = e.api_id
        WHERE e.api_id = @apiId AND a.status = 'published' ORDER BY e.position
        """, new { apiId });

    public async Task<(byte[] Document, string MediaType)?> DocumentAsync(DbSession session, Guid apiId)
    {
        var row = await session.QuerySingleOrDefaultAsync<ReadApis.DocumentRow>("""
            SELECT d.document, d.media_type FROM gateway.api_document d JOIN gateway.api a ON a.id = d.api_id WHERE d.api_id = @apiId AND a.status = 'published'
            """, new { apiId }).ConfigureAwait(false);
        return row is null ? null : (row.Document, row.MediaType);
    }

    public string GatewayUrl(string organizationSlug, string apiSlug) => address.Of(organizationSlug, apiSlug);
}

/// <summary>An API's usage is its provider's to see.</summary>
internal sealed class ApiUsageSubjects : IUsageSubjects
{
    public string Kind => ApiPlans.ProductKind;

    public Task<bool> IsVisibleAsync(DbSession session, Guid id) => session.QuerySingleAsync<bool>(
        "SELECT EXISTS (SELECT FROM gateway.api WHERE id = @id AND organization_id = ANY (foundation.current_organizations()))", new { id });
}

/// <summary>A subscription goes on under its product's name when the product has left the catalog.</summary>
internal sealed class ApiProductNames : IProductNames
{
    public string Kind => ApiPlans.ProductKind;

    public async Task<IReadOnlyDictionary<Guid, ProductName>> NamesAsync(DbSession session, IReadOnlyCollection<Guid> ids)
    {
        var rows = await session.QueryAsync<NameRow>("SELECT id, name, organization_slug || '/' || slug AS slug, suspended FROM gateway.api WHERE id = ANY (@ids)", new { ids = ids.ToArray() }).ConfigureAwait(false);
        return rows.ToDictionary(row => row.Id, row => new ProductName(row.Name, row.Slug) { Suspended = row.Suspended });
    }

    private sealed class NameRow
    {
        public Guid Id { get; init; }

        public string Name { get; init; } = "";

        public string Slug { get; init; } = "";

        public bool Suspended { get; init; }
    }
}
