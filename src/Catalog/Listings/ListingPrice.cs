using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Catalog.Listings;

/// <summary>
/// "From": the cheapest plan that costs something, by its price a month. The order is by major units, whatever the currency: a marketplace in several
/// currencies would need rates, and an order that jumps with them.
/// </summary>
internal sealed record ListingPrice(long? PriceAmount, string? PriceCurrency, string? PriceInterval, bool FreePlan, decimal? PriceOrder)
{
    public static ListingPrice Of(IReadOnlyList<Plan> plans)
    {
        var from = plans.Where(p => p.Price.Amount > 0).MinBy(p => Monthly(p.Price));
        var free = plans.Any(p => p.Price.Amount == 0);
        return new ListingPrice(
            from?.Price.Amount, from?.Price.Currency, from is null ? null : from.Price.Interval == Plans.PriceInterval.Year ? "year" : "month", free,
            free ? 0 : from is null ? null : decimal.Round(Monthly(from.Price), 6));
    }

    private static decimal Monthly(Price price) =>
        (decimal)price.Amount / Currency.MinorUnitsPerMajor(price.Currency) / (price.Interval == Plans.PriceInterval.Year ? 12 : 1);
}
