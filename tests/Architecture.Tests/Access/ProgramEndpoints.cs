using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Host.Startup;
using Tollgate.Identity;

namespace Tollgate.Architecture.Tests.Access;

/// <summary>The endpoints of the whole program, with what each states.</summary>
internal static class ProgramEndpoints
{
    public static async Task<List<RouteEndpoint>> AllAsync()
    {
        await using var app = TollgateHost.Build(["--Data:Directory", Directory.CreateTempSubdirectory("tollgate-endpoints-").FullName, "--Metrics:Token", "a-token-of-the-operator"]);
        return Of(app);
    }

    public static List<RouteEndpoint> Of(IEndpointRouteBuilder app) => [.. app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];

    public static string NameOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "";

    /// <summary>Null for an endpoint that is open to everybody.</summary>
    public static AccessRequirement? AccessOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<AccessRequirement>();

    public static string MethodOf(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods[0] ?? "GET";

    public static bool IsOpen(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
}
