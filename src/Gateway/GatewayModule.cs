using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.BuiltIn;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Upstreams;
using Tollgate.Identity;
using Tollgate.Metering;

[module: System.Runtime.CompilerServices.SkipLocalsInit]

namespace Tollgate.Gateway;

/// <summary>The door of the module: APIs with their documents, and the data plane that serves them.</summary>
public static class GatewayModule
{
    public static SqlModule Sql { get; } = new("gateway", typeof(GatewayModule).Assembly);

    public static IServiceCollection AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton<UpstreamAddressPolicy>();
        services.AddSingleton<UpstreamAddressCheck>();
        AddApis(services);
        return services.AddDataPlane(configuration);
    }

    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder routes)
    {
        ApiEndpoints.Map(routes);
        routes.MapBuiltIn();
        return routes;
    }

    private static void AddApis(IServiceCollection services)
    {
        services.AddSingleton<GatewayAddress>();
        services.AddSingleton<UpstreamSecrets>();
        services.AddSingleton(new SealedColumn("gateway.api_upstream", "headers", "'gateway.upstream_headers/' || replace(api_id::text, '-', '')"));
        services.AddSingleton(new SealedColumn("gateway.api_upstream", "signing_secret", "'gateway.signing_secret/' || replace(api_id::text, '-', '')"));
        services.Configure<RateLimiterOptions>(options => options.AddPolicy(LargeBodies.Name, new LargeBodies()));
        services.AddSingleton<LargeDocuments>();
        services.AddSingleton<ApiStore>();
        services.AddSingleton<Publication>().AddSingleton<OrganizationOfApis>();
        services.AddSingleton<IOrganizationStep>(provider => provider.GetRequiredService<OrganizationOfApis>());
        services.AddSingleton<IOrganizationSuspensionStep>(provider => provider.GetRequiredService<OrganizationOfApis>());
        services.AddSingleton<IOrganizationRemovalCheck>(provider => provider.GetRequiredService<OrganizationOfApis>());
        services.AddSingleton<EditApi>();
        services.AddSingleton<ApiUpstreams>();
        services.AddSingleton<ApiPlans>();
        services.AddSingleton<IRouteSource, RouteSource>();
        services.AddSingleton<RouteDisk>();
        services.AddSingleton<IPublishedApis, PublishedApis>();
        services.AddSingleton<IUsageSubjects, ApiUsageSubjects>();
        services.AddSingleton<IProductNames, ApiProductNames>();
        services.AddSingleton<IProductOperations, ApiOperations>();
    }
}
