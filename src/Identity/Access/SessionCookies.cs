using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Access;

/// <summary>
/// The portal's session: tokens in HttpOnly, SameSite=Strict cookies that no script can read, and a readable CSRF token that unsafe requests send back
/// in a header. A client asks for it with <c>Tollgate-Session: cookie</c>, a header that a foreign page cannot send without a preflight.
/// With TLS their names begin with <c>__Host-</c>: no other host of the domain can set or replace one. That asks for the path /; without TLS they go no further than they must.
/// </summary>
internal static class SessionCookies
{
    public const string Access = "tg_access";
    public const string Refresh = "tg_refresh";
    public const string Csrf = "tg_csrf";
    public const string RequestHeader = "Tollgate-Session";
    public const string CsrfHeader = "X-CSRF-Token";

    private const string HostPrefix = "__Host-";

    private static readonly TimeSpan RefreshLifetime = TimeSpan.FromDays(30);

    public static bool Wanted(HttpContext context) => string.Equals(context.Request.Headers[RequestHeader].ToString(), "cookie", StringComparison.OrdinalIgnoreCase);

    public static void Set(HttpContext context, IssuedSession issued, string csrf)
    {
        context.Response.Cookies.Append(NameOf(context, Access), issued.AccessToken, Options(context, "/", Tokens.AccessTokens.Lifetime, httpOnly: true));
        context.Response.Cookies.Append(NameOf(context, Refresh), issued.RefreshToken, Options(context, "/auth", RefreshLifetime, httpOnly: true));
        context.Response.Cookies.Append(NameOf(context, Csrf), csrf, Options(context, "/", RefreshLifetime, httpOnly: false));
    }

    /// <summary>The value of one of ours; with TLS one without the prefix is nobody's word.</summary>
    public static string? Read(HttpContext context, string name) => context.Request.Cookies[NameOf(context, name)];

    /// <summary>A cookie of the sign-in pages, as safe as those of the session.</summary>
    public static void Append(HttpContext context, string name, string value, string path, TimeSpan lifetime) =>
        context.Response.Cookies.Append(NameOf(context, name), value, Options(context, path, lifetime, httpOnly: true));

    /// <summary>One that comes along when another site sends the browser back here.</summary>
    public static void AppendForReturn(HttpContext context, string name, string value, string path, TimeSpan lifetime) =>
        context.Response.Cookies.Append(NameOf(context, name), value, Options(context, path, lifetime, httpOnly: true, SameSiteMode.Lax));

    public static void DeleteForReturn(HttpContext context, string name, string path) =>
        context.Response.Cookies.Delete(NameOf(context, name), Options(context, path, null, httpOnly: true, SameSiteMode.Lax));

    public static void Clear(HttpContext context)
    {
        context.Response.Cookies.Delete(NameOf(context, Access), Options(context, "/", null, httpOnly: true));
        context.Response.Cookies.Delete(NameOf(context, Refresh), Options(context, "/auth", null, httpOnly: true));
        context.Response.Cookies.Delete(NameOf(context, Csrf), Options(context, "/", null, httpOnly: false));
    }

    // Plain http is for a browser on the same machine only; everywhere else the browser must refuse to send these without TLS. A proxy may name this machine as the host that was asked for.
    private static bool IsSecure(HttpContext context) =>
        context.RequestServices.GetRequiredService<SecurityHeaders>().IsHttps(context) || context.Request.Host.Host is not ("localhost" or "127.0.0.1" or "[::1]");

    private static string NameOf(HttpContext context, string name) => IsSecure(context) ? HostPrefix + name : name;

    private static CookieOptions Options(HttpContext context, string path, TimeSpan? maxAge, bool httpOnly, SameSiteMode sameSite = SameSiteMode.Strict) => new()
    {
        Path = IsSecure(context) ? "/" : path,
        MaxAge = maxAge,
        HttpOnly = httpOnly,
        SameSite = sameSite,
        Secure = IsSecure(context),
        IsEssential = true,
    };
}
