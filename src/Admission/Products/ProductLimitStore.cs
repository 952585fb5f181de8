using System.Text.Json;
using Tollgate.Foundation;

namespace Tollgate.Admission.Products;

internal sealed class ProductLimitStore(TimeProvider clock) : IProductLimits
{
    private const string Find = "SELECT product_id, organization_id, limits::text AS limits, set_by, set_at FROM admission.product_limit WHERE product_id = @productId";
    private const string All = "SELECT product_id, organization_id, limits::text AS limits, set_by, set_at FROM admission.product_limit WHERE @ids::uuid[] IS NULL OR product_id = ANY (@ids::uuid[])";

    private const string Set = """
        INSERT INTO admission.product_limit (product_id, organization_id, limits, set_by, set_at) VALUES (@productId, @provider, @limits::jsonb, @account, @now)
        ON CONFLICT (product_id) DO UPDATE SET limits = excluded.limits, set_by = excluded.set_by, set_at = excluded.set_at
        """;

    public async Task<ProductLimits> OfAsync(DbSession session, Guid productId)
    {
        ArgumentNullException.ThrowIfNull(session);
        var row = await session.QuerySingleOrDefaultAsync<Row>(Find, new { productId }).ConfigureAwait(false);
        return row is null ? new ProductLimits([], null, null) : new ProductLimits(row.ToLimits(), row.SetBy, row.SetAt);
    }

    public Task SetAsync(DbSession session, Guid productId, Guid providerOrganizationId, Guid accountId, IReadOnlyList<ProductLimit> limits)
    {
        ArgumentNullException.ThrowIfNull(session);
        return session.ExecuteAsync(Set, new { productId, provider = providerOrganizationId, account = accountId, limits = JsonSerializer.Serialize(limits, Json.Options), now = clock.GetUtcNow() });
    }

    /// <summary>All (null) or the named ones; worker role.</summary>
    public static async Task<IReadOnlyList<(Guid Product, Guid Provider, IReadOnlyList<ProductLimit> Limits)>> LoadAsync(DbSession session, Guid[]? ids)
    {
        var rows = await session.QueryAsync<Row>(All, new { ids }).ConfigureAwait(false);
        return [.. rows.Select(row => (row.ProductId, row.OrganizationId, row.ToLimits()))];
    }

    private sealed class Row
    {
        public Guid ProductId { get; init; }

        public Guid OrganizationId { get; init; }

        public string Limits { get; init; } = "[]";

        public Guid SetBy { get; init; }

        public DateTimeOffset SetAt { get; init; }

        public IReadOnlyList<ProductLimit> ToLimits() => JsonSerializer.Deserialize<List<ProductLimit>>(Limits, Json.Options)!;
    }
}
