using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Tollgate.Foundation.Changes;
using Tollgate.Foundation.Metrics;

namespace Tollgate.Foundation;

public static partial class FoundationModule
{
    /// <summary>A part that tells of itself at <c>/metrics</c>. It is one object for the whole program.</summary>
    public static IServiceCollection AddMetricSource<T>(this IServiceCollection services)
        where T : class, IMetricSource
    {
        services.TryAddSingleton<T>();
        return services.AddSingleton<IMetricSource>(provider => provider.GetRequiredService<T>());
    }

    /// <summary>The page on the control port, where <c>Metrics__Token</c> is set.</summary>
    public static IEndpointRouteBuilder MapMetrics(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        if (routes.ServiceProvider.GetRequiredService<MetricsOptions>().Token is { } token)
            MetricsEndpoint.Map(routes, token);
        return routes;
    }

    private static void AddMetricsPage(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(new MetricsOptions(configuration));
        services.AddSingleton<MetricsAnswer>().AddSingleton<MetricsListener>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<MetricsListener>());
        services.AddMetricSource<ProcessMetrics>().AddMetricSource<ChangeFeedMetrics>();
    }
}
