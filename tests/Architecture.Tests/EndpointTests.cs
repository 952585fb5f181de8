using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Architecture.Tests.Access;
using Tollgate.Host.Startup;
using Tollgate.Identity;

namespace Tollgate.Architecture.Tests;

/// <summary>Every endpoint of the running program says who may call it, has a name, and no two share one.</summary>
public sealed class EndpointTests
{
    [Fact]
    public async Task Endpoints_StateTheirAccessAndHaveAName()
    {
        var endpoints = await ProgramEndpoints.AllAsync();
        endpoints.ShouldContain(endpoint => endpoint.RoutePattern.RawText == "/metrics");
        endpoints.Count.ShouldBeGreaterThan(30);
        endpoints.SelectMany(Faults).ShouldBeEmpty();
        endpoints.GroupBy(ProgramEndpoints.NameOf, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key).ShouldBeEmpty();
    }

    /// <summary>The check at the start, the matcher and the document ask for them; to build them is a fifth of what a start takes.</summary>
    [Fact]
    public async Task Endpoints_AreBuiltOnce()
    {
        await using var app = TollgateHost.Build(["--Data:Directory", Directory.CreateTempSubdirectory("tollgate-endpoints-").FullName]);
        var endpoints = ProgramEndpoints.Of(app);
        endpoints.Count.ShouldBeGreaterThan(30);
        ProgramEndpoints.Of(app).ShouldBe(endpoints, ReferenceEqualityComparer.Instance);
        app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ShouldBe(endpoints, ReferenceEqualityComparer.Instance);
    }

    /// <summary>What each refuses to somebody who is signed in, or to an API token, clients are told.</summary>
    [Fact]
    public async Task Document_TellsOf403_WhereAnEndpointRefuses()
    {
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Repository.Root, "docs", "openapi.json"), TestContext.Current.CancellationToken));
        var telling = document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => operation.Value))
            .Where(operation => operation.GetProperty("responses").TryGetProperty("403", out _)).Select(operation => operation.GetProperty("operationId").GetString()!).ToList();
        var refusing = (await ProgramEndpoints.AllAsync()).Where(endpoint => ProgramEndpoints.AccessOf(endpoint) is { } stated && (stated.Kind != AccessKind.Account || stated.Scope is not null)).Select(ProgramEndpoints.NameOf).ToList();
        refusing.ShouldContain("leaveOrganization");
        refusing.Except(telling, StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Fact]
    public void TheGuard_FindsPlantedEndpoints()
    {
        var app = WebApplication.CreateSlimBuilder().Build();
        app.MapGet("/open", () => "hello").WithName("open");
        app.MapGet("/nameless", () => "hello").AllowAnonymous();
        app.MapGet("/vague", () => "hello").RequireAuthorization().WithName("vague");
        app.MapGet("/both", () => "hello").RequireSession().AllowAnonymous().WithName("both");
        app.MapGet("/twice", () => "hello").RequireSession().RequireOperator().WithName("twice");
        ProgramEndpoints.Of(app).SelectMany(Faults).ShouldBe(["HTTP: GET /open states no authorization", "HTTP: GET /nameless has no name", "HTTP: GET /vague states no authorization",
            "HTTP: GET /both states access and is open", "HTTP: GET /twice states more than one access"]);
    }

    private static IEnumerable<string> Faults(Endpoint endpoint)
    {
        var stated = endpoint.Metadata.GetOrderedMetadata<AccessRequirement>().Count;
        if (stated == 0 && !ProgramEndpoints.IsOpen(endpoint))
            yield return $"{endpoint.DisplayName} states no authorization";
        // An endpoint that is open is not asked for its requirement.
        if (ProgramEndpoints.IsOpen(endpoint) && (stated > 0 || endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null))
            yield return $"{endpoint.DisplayName} states access and is open";
        if (stated > 1)
            yield return $"{endpoint.DisplayName} states more than one access";
        if (string.IsNullOrEmpty(ProgramEndpoints.NameOf(endpoint)))
            yield return $"{endpoint.DisplayName} has no name";
    }
}
