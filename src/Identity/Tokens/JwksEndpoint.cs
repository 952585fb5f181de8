using System.Buffers.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;

namespace Tollgate.Identity.Tokens;

/// <summary>The public halves of the signing keys (RFC 7517), the coming one included.</summary>
internal static class JwksEndpoint
{
    public const string Limit = "jwks";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGroup("/.well-known").WithApiDefaults().WithTags("Accounts").MapGet("/jwks.json", GetAsync)
        .WithName("getJwks").WithSummary("The keys that verify access tokens; keep them for five minutes at the most").AllowAnonymous().RequireRateLimiting(Limit).Produces<JwksResponse>();

    private static async Task<IResult> GetAsync(HttpContext context, ModuleKeys keys)
    {
        var loaded = await keys.GetAsync(context.RequestAborted).ConfigureAwait(false);
        context.Response.Headers.CacheControl = "public, max-age=300";
        return Results.Ok(new JwksResponse([.. loaded.Signing.Select(JwkResponse.From)]));
    }
}

internal sealed record JwksResponse(IReadOnlyList<JwkResponse> Keys);

internal sealed record JwkResponse(string Kty, string Crv, string X, string Y, string Kid, string Alg, string Use)
{
    public static JwkResponse From(ModuleKeys.SigningKey key)
    {
        var point = key.Key.ExportParameters(includePrivateParameters: false).Q;
        return new("EC", "P-256", Base64Url.EncodeToString(point.X!), Base64Url.EncodeToString(point.Y!), key.Id, JwsAlgorithm.Es256, "sig");
    }
}
