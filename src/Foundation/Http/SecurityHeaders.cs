using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Tollgate.Foundation;

/// <summary>
/// What every answer tells browsers, be it of the API, a page or a file. What may run in a page is the answer's own Content-Security-Policy. Who is known by an https address
/// (<c>Portal__PublicUrl</c>) says so, whether TLS ends here or in a proxy.
/// </summary>
public sealed class SecurityHeaders(IConfiguration? configuration)
{
    private readonly bool _isHttpsOutside = Uri.TryCreate(configuration?["Portal:PublicUrl"], UriKind.Absolute, out var portal) && portal.Scheme == Uri.UriSchemeHttps;

    /// <summary>The browser came by https, here or to the proxy in front.</summary>
    public bool IsHttps(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return _isHttpsOutside || context.Request.IsHttps;
    }

    public void Set(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (IsHttps(context))
            headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
    }
}
