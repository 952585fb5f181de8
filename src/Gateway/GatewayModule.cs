using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway;

/// <summary>The door of the module: APIs with their documents, and the data plane that serves them.</summary>
public static class GatewayModule
{
    public static SqlModule Sql { get; } = new("gateway", typeof(GatewayModule).Assembly);

    public static IServiceCollection AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton<UpstreamAddressPolicy>();
        services.AddSingleton<UpstreamSecrets>();
        services.AddSingleton<IRouteSource, RouteSource>();
        return services;
    }

    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder routes) => routes;
}
