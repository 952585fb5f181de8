using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tollgate.Foundation;
using Tollgate.Metering.Journal;
using Tollgate.Metering.Shipping;
using Tollgate.Metering.Usage;

namespace Tollgate.Metering;

/// <summary>The door of the module: the usage journal, the request log, the rollups, and what is asked of them.</summary>
public static class MeteringModule
{
    public static SqlModule Sql { get; } = new("metering", typeof(MeteringModule).Assembly);

    public static IServiceCollection AddMetering(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddJournal();
        AddShipping(services);
        services.AddSingleton<IListingUsage, ListingUsageQuery>();
        return services;
    }

    public static IEndpointRouteBuilder MapMetering(this IEndpointRouteBuilder routes) => routes;

    private static void AddShipping(IServiceCollection services)
    {
        services.AddSingleton<ShippingMetrics>().AddSingleton<JournalPositions>().AddSingleton<SliceWriter>().AddSingleton<Shipper>();
        services.AddSingleton<IUsageShipping>(provider => provider.GetRequiredService<Shipper>());
        services.AddHostedService(provider => provider.GetRequiredService<Shipper>());
    }
}
