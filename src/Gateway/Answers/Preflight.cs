using Microsoft.AspNetCore.Http;

namespace Tollgate.Gateway.Answers;

/// <summary>
/// CORS for APIs that <c>Gateway__Cors</c> names. A browser sends no key with a preflight, so the gateway answers it: any origin, without cookies.
/// Off, an API is for servers, or its upstream answers CORS by itself.
/// </summary>
internal static class Preflight
{
    public static bool IsOne(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.Origin.Count > 0 && request.Headers.AccessControlRequestMethod.Count > 0;

    public static void Answer(HttpContext context)
    {
        var headers = context.Response.Headers;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlAllowMethods = context.Request.Headers.AccessControlRequestMethod;
        if (context.Request.Headers.AccessControlRequestHeaders is { Count: > 0 } asked)
            headers.AccessControlAllowHeaders = asked;
        headers.AccessControlMaxAge = "600";
        headers.Vary = "Access-Control-Request-Headers, Access-Control-Request-Method";
    }
}
