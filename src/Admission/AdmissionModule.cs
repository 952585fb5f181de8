using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Keys;
using Tollgate.Admission.Leases;
using Tollgate.Admission.Limits;
using Tollgate.Admission.Nodes;
using Tollgate.Admission.Products;
using Tollgate.Admission.Snapshot;
using Tollgate.Admission.Subscriptions;
using Tollgate.Foundation;

[module: System.Runtime.CompilerServices.SkipLocalsInit]

namespace Tollgate.Admission;

/// <summary>The door of the module: may they, and how much is left.</summary>
public static class AdmissionModule
{
    public static SqlModule Sql { get; } = new("admission", typeof(AdmissionModule).Assembly);

    public static IServiceCollection AddAdmission(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = NodeOptions.From(configuration);
        services.AddSingleton(options);
        services.AddSingleton(provider => new NodeState(options.Nodes, options.Shared && options.Admits ? provider.GetRequiredService<SharedLimits>() : null));
        services.AddSingleton<IAdmission, NodeAdmission>();
        services.AddSingleton<KeyStore>().AddSingleton<KeyScopes>().AddSingleton<KeyChanges>().AddSingleton<LeakReports>().AddSingleton<LeakedKeys>();
        services.AddAddressLimit(KeyFacts.Limit, PerMinute(configuration, "FactsPerMinute", 120), TimeSpan.FromMinutes(1));
        services.AddAddressLimit(LeakedKeys.Limit, PerMinute(configuration, "LeakReportsPerMinute", 30), TimeSpan.FromMinutes(1));
        services.AddSingleton<IProductLimits, ProductLimitStore>();
        services.AddSingleton<ProductNames>();
        services.AddSingleton<AllowanceUsage>();
        if (options.Admits)
            AddAdmittingNode(services, options, configuration);
        return services;
    }

    public static IEndpointRouteBuilder MapAdmission(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithApiDefaults();
        SubscriptionEndpoints.Map(group);
        KeyEndpoints.Map(group);
        KeyFacts.Map(group);
        LeakedKeys.Map(group);
        return routes;
    }

    private static int PerMinute(IConfiguration configuration, string name, int fallback)
    {
        var text = configuration[$"Keys:{name}"];
        if (string.IsNullOrEmpty(text))
            return fallback;
        return int.TryParse(text, out var value) && value > 0 ? value : throw new InvalidOperationException($"Keys__{name} must be a whole number above 0.");
    }

    // A process without the gateway role holds no keys and no counters, and is nobody that limits would have to be shared with.
    private static void AddAdmittingNode(IServiceCollection services, NodeOptions options, IConfiguration configuration)
    {
        services.AddSingleton(CheckpointOptions.From(configuration));
        services.AddSingleton<CounterSeeds>().AddSingleton<CounterFile>().AddSingleton<CounterCheckpoint>();
        services.AddSingleton<SnapshotDisk>().AddSingleton<TermsIntake>();
        services.AddChangeHandler<AdmissionSnapshot>();
        services.AddHostedService<Checkpoints>();
        services.AddSingleton<ProductLimitDisk>().AddChangeHandler<ProductLimitFeed>();
        services.AddHostedService<SpendCaps>();
        services.AddHostedService<ReportedCounters>();
        services.AddSingleton<NodeLicence>().AddSingleton<NodeRegistration>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<NodeRegistration>());
        if (options.Shared)
            AddSharedLimits(services, SlotOptions.From(configuration));
        services.AddHostedService<KeyUses>();
        services.AddHealthChecks().AddCheck<AdmissionHealth>("admission", tags: ["ready"]);
        services.AddMetricSource<AdmissionMetrics>();
    }

    private static void AddSharedLimits(IServiceCollection services, SlotOptions slots)
    {
        services.AddSingleton(slots).AddSingleton<SlotRounds>().AddHostedService<SlotKeeper>();
        services.AddSingleton<SharedLimits>().AddSingleton(provider => provider.GetRequiredService<SharedLimits>().Clock);
        services.AddSingleton<LeaseStore>().AddSingleton<SharedEpoch>().AddSingleton<LeaseSeeds>().AddSingleton<LeaseRounds>().AddSingleton<LeaseSettlement>();
        services.AddHostedService<LeaseKeeper>();
        services.AddMetricSource<LeaseMetrics>();
    }
}
