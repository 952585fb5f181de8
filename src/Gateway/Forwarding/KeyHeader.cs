using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Which header holds the Tollgate key. <c>x-api-key</c> goes before <c>Authorization: Bearer</c>; a header counts when its value looks like one of our
/// keys, so that an upstream's own credential can stand in the other one and pass on.
/// </summary>
internal static class KeyHeader
{
    private const string Prefix = "tg_";
    private const string Name = "x-api-key";

    /// <summary>The key as it was presented; empty when there was none.</summary>
    public static ReadOnlySpan<char> Read(IHeaderDictionary headers)
    {
        var own = headers[Name];
        var apiKey = own.Count == 0 ? "" : own.Count == 1 ? own[0].AsSpan().Trim() : own.ToString().AsSpan().Trim();
        if (apiKey.StartsWith(Prefix, StringComparison.Ordinal) || headers.Authorization.Count == 0)
            return apiKey;
        var bearer = Bearer(headers.Authorization.ToString());
        return bearer.Length > 0 && (bearer.StartsWith(Prefix, StringComparison.Ordinal) || apiKey.Length == 0) ? bearer : apiKey;
    }

    /// <summary>
    /// Whether this header holds a Tollgate key and must not go on: each one does when a client sent several, also beside another scheme, in a list, or
    /// under a name that CGI-like upstreams read as x-api-key. No key ever reaches an upstream.
    /// </summary>
    public static bool Holds(string name, StringValues value) => name.Length switch
    {
        9 => IsName(name) && value.ToString().Contains(Prefix, StringComparison.Ordinal),
        13 => name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) && HoldsKey(value.ToString()),
        _ => false,
    };

    private static bool IsName(string name) =>
        name[0] is 'x' or 'X' && (name.Equals(Name, StringComparison.OrdinalIgnoreCase) || name.Replace('_', '-').Equals(Name, StringComparison.OrdinalIgnoreCase));

    // A credential of the upstream's own may have the short prefix somewhere inside by chance, but hardly a whole one.
    private static bool HoldsKey(string authorization) => Bearer(authorization).StartsWith(Prefix, StringComparison.Ordinal)
        || authorization.Contains("tg_live_", StringComparison.Ordinal) || authorization.Contains("tg_test_", StringComparison.Ordinal);

    private static ReadOnlySpan<char> Bearer(string authorization) =>
        authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization.AsSpan(7).Trim() : default;
}
