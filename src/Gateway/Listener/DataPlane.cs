using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tollgate.Foundation;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.BuiltIn;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Forwarding.Secure;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Server;
using Tollgate.Gateway.Sockets;
using Tollgate.Gateway.Tls;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Listener;

/// <summary>The parts of the data plane. The listener itself runs only where the node has the role <c>gateway</c>.</summary>
internal static class DataPlane
{
    public static IServiceCollection AddDataPlane(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddHttpForwarder();
        services.TryAddSingleton(_ => new GatewayOptions(configuration));
        services.TryAddSingleton<Routes>();
        services.TryAddSingleton<EventLoops>();
        services.TryAddSingleton<UpstreamDialer>();
        services.TryAddSingleton<UpstreamInvokers>();
        services.TryAddSingleton<Http1Pools>();
        services.TryAddSingleton<RequestHead>();
        services.TryAddSingleton<AnswerWriter>();
        services.TryAddSingleton<Http1Forwarder>();
        services.TryAddSingleton<SecureForwarder>();
        services.TryAddSingleton<BalancedForwarder>();
        services.TryAddSingleton<HealthProbe>();
        services.TryAddSingleton<HealthChecks>();
        services.TryAddSingleton<UpstreamHealth>();
        services.TryAddSingleton<GatewayMetrics>();
        services.TryAddSingleton<RateLimitHeaders>();
        services.TryAddSingleton<CallJournal>();
        services.TryAddSingleton<OwnAnswers>();
        services.TryAddSingleton<Turnstile>();
        services.TryAddSingleton<LiveCalls>();
        services.TryAddSingleton<Forwarder>();
        services.TryAddSingleton<HelloLimit>();
        services.TryAddSingleton<UnknownKeyLimit>();
        services.TryAddSingleton<BuiltInCalls>();
        services.TryAddSingleton<GatewayPath>();
        services.TryAddSingleton<GatewayApplication>();
        services.TryAddSingleton<Http1Server>();
        services.AddTls(configuration);
        services.TryAddSingleton<GatewayListener>();
        if (!HasRole(configuration, "gateway"))
            return services;
        services.AddChangeHandler<Routes>();
        services.AddMetricSource<GatewayMetricsPage>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveCalls>());
        services.AddHostedService(provider => provider.GetRequiredService<HealthChecks>());
        services.AddHostedService(provider => provider.GetRequiredService<GatewayListener>());
        services.AddTlsHealth(configuration);
        return services;
    }

    private static bool HasRole(IConfiguration configuration, string role) =>
        configuration["Tollgate:Roles"] is not { Length: > 0 } roles || roles.Split(',', StringSplitOptions.TrimEntries).Contains(role, StringComparer.Ordinal);
}
