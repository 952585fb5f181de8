using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Cookies know no ports: where portal and gateway share a host name, a browser sends the portal's session to the gateway as well, and what an upstream
/// sets is a cookie of the portal's too. Cookies named <c>tg_…</c> are Tollgate's own and pass in neither direction.
/// </summary>
internal static class PortalCookies
{
    private const string Prefix = "tg_";

    /// <summary>Of a request on its way to an upstream.</summary>
    public static void TakeOut(IHeaderDictionary request)
    {
        var cookies = request.Cookie;
        if (!cookies.ToString().Contains(Prefix, StringComparison.Ordinal))
            return;
        var kept = cookies.SelectMany(line => (line ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Where(cookie => !IsOurs(cookie)).ToList();
        if (kept.Count == 0)
            request.Remove("Cookie");
        else
            request.Cookie = string.Join("; ", kept);
    }

    /// <summary>Of an upstream's answer.</summary>
    public static void Drop(IHeaderDictionary response)
    {
        var set = response.SetCookie;
        if (set.Any(IsOurs))
            response.SetCookie = new StringValues([.. set.Where(cookie => !IsOurs(cookie))]);
    }

    private static bool IsOurs(string? cookie) => cookie.AsSpan().TrimStart().StartsWith(Prefix, StringComparison.Ordinal);
}
