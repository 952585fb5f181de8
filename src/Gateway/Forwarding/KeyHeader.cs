using Microsoft.AspNetCore.Http;

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
    public static string Read(IHeaderDictionary headers)
    {
        var own = headers[Name];
        var authorization = headers.Authorization;
        var apiKey = own.Count > 0 ? own.ToString().Trim() : "";
        var bearer = Bearer(authorization.ToString());
        if (apiKey.StartsWith(Prefix, StringComparison.Ordinal) || bearer.Length == 0)
            return apiKey;
        return bearer.StartsWith(Prefix, StringComparison.Ordinal) || apiKey.Length == 0 ? bearer : apiKey;
    }

    /// <summary>Takes out every header that holds a Tollgate key, the second too when a client sent one in each: no key ever reaches an upstream.</summary>
    public static void Strip(IHeaderDictionary headers)
    {
        if (headers[Name].ToString().AsSpan().Contains(Prefix, StringComparison.Ordinal))
            headers.Remove(Name);
        if (Bearer(headers.Authorization.ToString()).StartsWith(Prefix, StringComparison.Ordinal))
            headers.Remove("Authorization");
    }

    private static string Bearer(string authorization) =>
        authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization[7..].Trim() : "";
}
