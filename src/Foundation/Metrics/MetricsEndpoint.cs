using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Foundation.Metrics;

/// <summary>The page on the control port, for who has the token. Without one the address does not exist.</summary>
internal static class MetricsEndpoint
{
    private const string Bearer = "Bearer ";
    private static readonly Failure Refused = new(FailureKind.Unauthenticated, "UNAUTHENTICATED", "Send the token of Metrics__Token as Authorization: Bearer.");

    public static void Map(IEndpointRouteBuilder routes, string token)
    {
        var expected = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        // Before sessions are looked for: the token is none, and a node tells its metrics without a database.
        routes.MapGet(MetricsListener.Path, context => AnswerAsync(context, expected)).WithName("getMetrics").AllowAnonymous().ExcludeFromDescription().ShortCircuit();
    }

    private static Task AnswerAsync(HttpContext context, byte[] expected)
    {
        if (IsKnown(context.Request.Headers.Authorization.ToString(), expected))
            return context.RequestServices.GetRequiredService<MetricsAnswer>().SendAsync(context);
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"metrics\"";
        return Problems.Result(Refused).ExecuteAsync(context);
    }

    // Of digests, so that not even the token's length shows in the time.
    private static bool IsKnown(string header, byte[] expected) =>
        header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Bearer.Length..].Trim())), expected);
}
