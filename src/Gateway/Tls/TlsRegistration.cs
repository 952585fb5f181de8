using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tollgate.Foundation;
using Tollgate.Gateway.Listener;

namespace Tollgate.Gateway.Tls;

internal static class TlsRegistration
{
    public static IServiceCollection AddTls(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(_ => new TlsOptions(configuration));
        services.TryAddSingleton<ServerCertificate>();
        services.TryAddSingleton<HandshakePlaces>();
        services.TryAddSingleton<Handshakes>();
        return services;
    }

    /// <summary>What is told of the certificate, where the listener shows one.</summary>
    public static void AddTlsHealth(this IServiceCollection services, IConfiguration configuration)
    {
        if (!new GatewayOptions(configuration).UsesTls)
            return;
        services.AddMetricSource<TlsMetrics>();
        services.AddHealthChecks().AddCheck<TlsHealth>("certificate", tags: ["ready"]);
    }
}
