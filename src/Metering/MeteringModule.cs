using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Tollgate.Foundation;
using Tollgate.Metering.Journal;
using Tollgate.Metering.Meters;
using Tollgate.Metering.Partitions;
using Tollgate.Metering.Reconcile;
using Tollgate.Metering.Reports;
using Tollgate.Metering.Shipping;
using Tollgate.Metering.Usage;

namespace Tollgate.Metering;

/// <summary>The door of the module: the usage journal, the request log, the rollups, and what is asked of them.</summary>
public static class MeteringModule
{
    public static SqlModule Sql { get; } = new("metering", typeof(MeteringModule).Assembly);

    /// <summary>Settings: Metering__RetentionMonths (13), Metering__SealWaitSeconds (10), and the journal's.</summary>
    public static IServiceCollection AddMetering(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<MeteringOptions>().BindConfiguration(MeteringOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<MeteringOptions>, MeteringOptionsValidator>();
        services.AddJournal();
        AddShipping(services);
        AddPartitions(services);
        AddReports(services);
        services.AddSingleton<IUsage, UsageAmounts>().AddSingleton<IListingUsage, ListingUsageQuery>();
        services.AddSingleton<Seals>().AddSingleton<IReconciliation, Reconciliation>();
        return services;
    }

    public static IEndpointRouteBuilder MapMetering(this IEndpointRouteBuilder routes)
    {
        UsageEndpoints.Map(routes);
        var group = routes.MapGroup("").WithApiDefaults();
        MeterEndpoints.Map(group);
        ReportEndpoints.Map(group);
        return routes;
    }

    private static void AddShipping(IServiceCollection services)
    {
        services.AddMetricSource<ShippingMetrics>().AddSingleton<JournalPositions>().AddSingleton<SliceWriter>().AddSingleton<Shipper>();
        services.AddSingleton<IUsageShipping>(provider => provider.GetRequiredService<Shipper>());
        services.AddHostedService(provider => provider.GetRequiredService<Shipper>());
    }

    private static void AddReports(IServiceCollection services)
    {
        services.AddSingleton<MeterStore>().AddSingleton<IMeters>(provider => provider.GetRequiredService<MeterStore>());
        services.AddSingleton<ReportWriter>().AddSingleton<ReportIntake>().AddSingleton<ReportTurns>().AddSingleton<IReportedUsage, ReportedUsageQuery>().AddSingleton<PruneReportedEvents>();
    }

    private static void AddPartitions(IServiceCollection services)
    {
        services.AddSingleton<EnsureRequestLogPartitions>().AddSingleton<DropOldRequestLog>().AddSingleton<WatchDefaultPartition>();
        services.AddHostedService<PartitionsAtStart>();
        services.AddMetricSource<PartitionMetrics>();
        services.AddHealthChecks().AddCheck<DefaultPartitionHealth>("request_log_partitions", tags: ["ready"]);
    }
}
