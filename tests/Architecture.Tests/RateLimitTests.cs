using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Tollgate.Architecture.Tests.Access;

namespace Tollgate.Architecture.Tests;

/// <summary>Who has not signed in is limited by address on every route, or the route is listed with what limits it.</summary>
public sealed class RateLimitTests
{
    private static readonly Dictionary<string, string> Otherwise = new(StringComparer.Ordinal)
    {
        ["getHealth"] = "asked by balancers each second; answers from memory",
        ["getReadiness"] = "asked by balancers each second; answers from memory",
        ["getMetrics"] = "for whoever has the token, or on a listener of its own",
        ["getLocalMails"] = "in development only, on this machine only",
        ["ping"] = "by address, in BuiltInCalls",
        ["getEcho"] = "by address, in BuiltInCalls",
        ["postEcho"] = "by address, in BuiltInCalls",
        ["performAction"] = "by the key's plan, and without a known key by address, at the turnstile",
    };

    [Fact]
    public async Task EveryOpenRoute_IsLimitedByAddress()
    {
        var open = (await ProgramEndpoints.AllAsync()).Where(ProgramEndpoints.IsOpen).ToList();
        open.Count.ShouldBeGreaterThan(8);
        Unlimited(open).Except(Otherwise.Keys, StringComparer.Ordinal).ShouldBeEmpty("RequireRateLimiting, or a reason here");
    }

    [Fact]
    public void TheGuard_FindsAPlantedRoute()
    {
        var app = WebApplication.CreateSlimBuilder().Build();
        app.MapGet("/open", () => "hello").WithName("open").AllowAnonymous();
        app.MapGet("/limited", () => "hello").WithName("limited").AllowAnonymous().RequireRateLimiting("some");
        Unlimited(((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()).ShouldBe(["open"]);
    }

    private static IEnumerable<string> Unlimited(IEnumerable<RouteEndpoint> endpoints) =>
        endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<EnableRateLimitingAttribute>() is null).Select(ProgramEndpoints.NameOf);
}
