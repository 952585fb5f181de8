using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Catalog.Listings;

/// <summary>Keeps the prices of a listing in step with the API's plans, in the transaction that changes a plan.</summary>
internal sealed class ListingPrices(TimeProvider clock) : IPlanStep
{
    public Task PlansChangedAsync(DbSession session, Product product, IReadOnlyList<Plan> plans)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(product);
        var price = ListingPrice.Of(plans);
        return session.ExecuteAsync("""
            UPDATE catalog.listing SET price_amount = @PriceAmount, price_currency = @PriceCurrency, price_interval = @PriceInterval, free_plan = @FreePlan,
                   price_order = @PriceOrder, updated_at = @Now
            WHERE api_id = @Id
            """, new { product.Id, price.PriceAmount, price.PriceCurrency, price.PriceInterval, price.FreePlan, price.PriceOrder, Now = clock.GetUtcNow() });
    }
}
