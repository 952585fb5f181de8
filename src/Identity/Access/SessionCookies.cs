using Microsoft.AspNetCore.Http;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Access;

/// <summary>
/// The portal's session: tokens in HttpOnly, SameSite=Strict cookies that no script can read, and a readable CSRF token that unsafe requests send back
/// in a header. A client asks for it with <c>Tollgate-Session: cookie</c>, a header that a foreign page cannot send without a preflight.
/// </summary>
internal static class SessionCookies
{
    public const string Access = "tg_access";
    public const string Refresh = "tg_refresh";
    public const string Csrf = "tg_csrf";
    public const string RequestHeader = "Tollgate-Session";
    public const string CsrfHeader = "X-CSRF-Token";

    private static readonly TimeSpan RefreshLifetime = TimeSpan.FromDays(30);

    public static bool Wanted(HttpContext context) => string.Equals(context.Request.Headers[RequestHeader].ToString(), "cookie", StringComparison.OrdinalIgnoreCase);

    public static void Set(HttpContext context, IssuedSession issued, string csrf)
    {
        context.Response.Cookies.Append(Access, issued.AccessToken, Options(context, "/", Tokens.AccessTokens.Lifetime, httpOnly: true));
        context.Response.Cookies.Append(Refresh, issued.RefreshToken, Options(context, "/auth", RefreshLifetime, httpOnly: true));
        context.Response.Cookies.Append(Csrf, csrf, Options(context, "/", RefreshLifetime, httpOnly: false));
    }

    /// <summary>A cookie of the sign-in pages, as safe as those of the session.</summary>
    public static void Append(HttpContext context, string name, string value, string path, TimeSpan lifetime) =>
        context.Response.Cookies.Append(name, value, Options(context, path, lifetime, httpOnly: true));

    /// <summary>One that comes along when another site sends the browser back here.</summary>
    public static void AppendForReturn(HttpContext context, string name, string value, string path, TimeSpan lifetime) =>
        context.Response.Cookies.Append(name, value, Options(context, path, lifetime, httpOnly: true, SameSiteMode.Lax));

    public static void DeleteForReturn(HttpContext context, string name, string path) => context.Response.Cookies.Delete(name, Options(context, path, null, httpOnly: true, SameSiteMode.Lax));

    public static void Clear(HttpContext context)
    {
        context.Response.Cookies.Delete(Access, Options(context, "/", null, httpOnly: true));
        context.Response.Cookies.Delete(Refresh, Options(context, "/auth", null, httpOnly: true));
        context.Response.Cookies.Delete(Csrf, Options(context, "/", null, httpOnly: false));
    }

    // Plain http is for a browser on the same machine only; everywhere else the browser must refuse to send these without TLS.
    private static CookieOptions Options(HttpContext context, string path, TimeSpan? maxAge, bool httpOnly, SameSiteMode sameSite = SameSiteMode.Strict) => new()
    {
        Path = path,
        MaxAge = maxAge,
        HttpOnly = httpOnly,
        SameSite = sameSite,
        Secure = context.Request.IsHttps || context.Request.Host.Host is not ("localhost" or "127.0.0.1" or "[::1]"),
        IsEssential = true,
    };
}
