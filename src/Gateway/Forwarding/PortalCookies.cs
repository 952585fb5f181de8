using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Cookies know no ports: where portal and gateway share a host name, a browser sends the portal's session to the gateway as well, and what an upstream
/// sets is a cookie of the portal's too. Cookies named <c>tg_…</c>, with TLS <c>__Host-tg_…</c>, are Tollgate's own and pass in neither direction.
/// </summary>
internal static class PortalCookies
{
    private const string Prefix = "tg_";
    private const string HostPrefix = "__Host-tg_";

    /// <summary>Of a request on its way to an upstream: one line, for HTTP/2 clients may send many. Null when none is left.</summary>
    public static string? Without(StringValues cookies)
    {
        if (cookies.Count == 1 && !cookies[0].AsSpan().Contains(Prefix, StringComparison.Ordinal))
            return cookies[0];
        var kept = cookies.SelectMany(line => (line ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Where(cookie => !IsOurs(cookie)).ToList();
        return kept.Count == 0 ? null : string.Join("; ", kept);
    }

    /// <summary>The same on the request itself.</summary>
    public static void TakeOut(IHeaderDictionary request)
    {
        if (request.Cookie.Count > 0)
            request.Cookie = Without(request.Cookie) is { } kept ? new StringValues(kept) : default;
    }

    /// <summary>Of an upstream's answer.</summary>
    public static void Drop(IHeaderDictionary response)
    {
        var set = response.SetCookie;
        if (set.Any(IsOurs))
            response.SetCookie = new StringValues([.. set.Where(cookie => !IsOurs(cookie))]);
    }

    public static bool IsOurs(ReadOnlySpan<byte> cookie)
    {
        var name = cookie.TrimStart((byte)' ');
        return name.StartsWith("tg_"u8) || name.StartsWith("__Host-tg_"u8);
    }

    private static bool IsOurs(string? cookie)
    {
        var name = cookie.AsSpan().TrimStart();
        return name.StartsWith(Prefix, StringComparison.Ordinal) || name.StartsWith(HostPrefix, StringComparison.Ordinal);
    }
}
