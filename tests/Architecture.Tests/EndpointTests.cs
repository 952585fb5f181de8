using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Host.Startup;

namespace Tollgate.Architecture.Tests;

/// <summary>Every endpoint of the running program says who may call it, has a name, and no two share one.</summary>
public sealed class EndpointTests
{
    [Fact]
    public async Task Endpoints_StateTheirAuthorizationAndHaveAName()
    {
        await using var app = TollgateHost.Build(["--Data:Directory", Directory.CreateTempSubdirectory("tollgate-endpoints-").FullName, "--Metrics:Token", "a-token-of-the-operator"]);
        Endpoints(app).ShouldContain(endpoint => endpoint.RoutePattern.RawText == "/metrics");
        var endpoints = Endpoints(app);
        endpoints.Count.ShouldBeGreaterThan(30);
        endpoints.SelectMany(Faults).ShouldBeEmpty();
        endpoints.GroupBy(NameOf, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key).ShouldBeEmpty();
    }

    [Fact]
    public void TheGuard_FindsPlantedEndpoints()
    {
        var app = WebApplication.CreateSlimBuilder().Build();
        app.MapGet("/open", () => "hello").WithName("open");
        app.MapGet("/nameless", () => "hello").AllowAnonymous();
        Endpoints(app).SelectMany(Faults).ShouldBe(["HTTP: GET /open states no authorization", "HTTP: GET /nameless has no name"]);
    }

    private static List<RouteEndpoint> Endpoints(WebApplication app) =>
        [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];

    private static IEnumerable<string> Faults(RouteEndpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<IAuthorizeData>() is null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
            yield return $"{endpoint.DisplayName} states no authorization";
        if (string.IsNullOrEmpty(NameOf(endpoint)))
            yield return $"{endpoint.DisplayName} has no name";
    }

    private static string NameOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "";
}
