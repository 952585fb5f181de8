using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Plans;

namespace Tollgate.Catalog.Listings;

/// <summary>Keeps the listing of an API in step with it, in the publisher's own transaction.</summary>
internal sealed class CatalogListingStep(IPlans plans, TimeProvider clock) : IApiPublicationStep
{
    public async Task PublishedAsync(DbSession session, PublishedApi api)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(api);
        var price = ListingPrice.Of(await plans.OfProductAsync(session, api.Id).ConfigureAwait(false));
        await session.ExecuteAsync("""
            INSERT INTO catalog.listing (api_id, organization_id, organization_slug, organization_name, slug, name, summary, description, category, tags, version,
                                         endpoint_count, published, published_at, price_amount, price_currency, price_interval, free_plan, price_order,
                                         created_at, updated_at)
            VALUES (@Id, @OrganizationId, @OrganizationSlug, @OrganizationName, @Slug, @Name, @Summary, @Description, @Category, @Tags, @Version,
                    @EndpointCount, true, @PublishedAt, @PriceAmount, @PriceCurrency, @PriceInterval, @FreePlan, @PriceOrder, @Now, @Now)
            ON CONFLICT (api_id) DO UPDATE SET organization_slug = excluded.organization_slug, organization_name = excluded.organization_name, slug = excluded.slug,
                    name = excluded.name, summary = excluded.summary, description = excluded.description, category = excluded.category, tags = excluded.tags,
                    version = excluded.version, endpoint_count = excluded.endpoint_count, published = true, published_at = excluded.published_at,
                    price_amount = excluded.price_amount, price_currency = excluded.price_currency, price_interval = excluded.price_interval,
                    free_plan = excluded.free_plan, price_order = excluded.price_order, updated_at = excluded.updated_at
            """, new
        {
            api.Id,
            api.OrganizationId,
            api.OrganizationSlug,
            api.OrganizationName,
            api.Slug,
            api.Name,
            api.Summary,
            api.Description,
            api.Category,
            Tags = api.Tags.ToArray(),
            api.Version,
            api.EndpointCount,
            api.PublishedAt,
            price.PriceAmount,
            price.PriceCurrency,
            price.PriceInterval,
            price.FreePlan,
            price.PriceOrder,
            Now = clock.GetUtcNow(),
        }).ConfigureAwait(false);
    }

    public Task UnpublishedAsync(DbSession session, Guid apiId)
    {
        ArgumentNullException.ThrowIfNull(session);
        return session.ExecuteAsync("UPDATE catalog.listing SET published = false, updated_at = @now WHERE api_id = @apiId AND published",
            new { apiId, now = clock.GetUtcNow() });
    }
}
