using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Catalog.Discovery;
using Tollgate.Catalog.Listings;
using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Plans;

namespace Tollgate.Catalog;

/// <summary>The door of the module.</summary>
public static class CatalogModule
{
    public static SqlModule Sql { get; } = new("catalog", typeof(CatalogModule).Assembly);

    public static IServiceCollection AddCatalog(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IPlanStep, ListingPrices>();
        services.AddSingleton<IApiPublicationStep, CatalogListingStep>();
        services.AddSingleton<RefreshListingStatistics>();
        return services;
    }

    public static IEndpointRouteBuilder MapCatalog(this IEndpointRouteBuilder routes)
    {
        MarketplaceEndpoints.Map(routes.MapGroup("").WithApiDefaults());
        return routes;
    }
}
