using Microsoft.AspNetCore.Http;

namespace Tollgate.Gateway.Answers;

/// <summary>What each answer of the gateway's own tells browsers: it is data, nobody's to keep, and nothing runs in it. An upstream's answers say what their provider has them say.</summary>
internal static class OwnHeaders
{
    public static void Set(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers[Foundation.RequestId.Header] = context.TraceIdentifier;
    }
}
