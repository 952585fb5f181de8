using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;

namespace Tollgate.Gateway.BuiltIn;

/// <summary>The built-in API on the control server: the same code as on the gateway's listener, with its description for the OpenAPI document.</summary>
internal static class BuiltInEndpoints
{
    public static void MapBuiltIn(this IEndpointRouteBuilder routes)
    {
        // Anonymous to the control API's own sign-in: `actions` asks for a Tollgate key at the turnstile.
        var group = routes.MapGroup("").WithApiDefaults().WithTags("Built-in").AllowAnonymous();
        group.MapGet(BuiltInCalls.Ping, RunAsync).WithName("ping").WithSummary("Says that the gateway answers")
            .Produces<PingResponse>().ProducesProblem(StatusCodes.Status429TooManyRequests, Problems.ContentType);
        group.MapGet(BuiltInCalls.EchoPath, RunAsync).WithName("getEcho").WithSummary("Answers what it was sent")
            .Produces<EchoResponse>().ProducesProblem(StatusCodes.Status429TooManyRequests, Problems.ContentType);
        group.MapPost(BuiltInCalls.EchoPath, RunAsync).WithName("postEcho").WithSummary("Answers what it was sent")
            .Produces<EchoResponse>().ProducesProblem(StatusCodes.Status429TooManyRequests, Problems.ContentType);
        group.MapPost(BuiltInCalls.Actions, RunAsync).WithName("performAction").WithSummary("Performs an action: echo, digest or wait. Needs a key")
            .Accepts<ActionRequest>("application/json").Produces<ActionResponse>()
            .ProducesProblem(StatusCodes.Status401Unauthorized, Problems.ContentType).ProducesProblem(StatusCodes.Status403Forbidden, Problems.ContentType)
            .ProducesProblem(StatusCodes.Status429TooManyRequests, Problems.ContentType);
    }

    private static Task RunAsync(HttpContext context, BuiltInCalls calls)
    {
        var request = context.Request;
        return calls.RunAsync(context, request.Path.Value + request.QueryString.Value);
    }

    private sealed record PingResponse(bool Pong, DateTimeOffset At);

    private sealed record EchoResponse(string Method, IReadOnlyDictionary<string, string> Query, object? Body, DateTimeOffset At);

    private sealed record ActionResponse(string Id, string Action, ActionResult Result);

    private sealed record ActionResult(string? Text, string? Algorithm, string? Hex, int? Milliseconds);
}
