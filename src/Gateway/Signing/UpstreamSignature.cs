using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Gateway.Signing;

/// <summary>
/// Lets an upstream refuse what did not come through the gateway: <c>t=&lt;unix seconds&gt;,v1=&lt;hex HMAC-SHA256&gt;</c> over
/// <c>t.method.path-and-query.request_id.subscription</c>, where path-and-query is the request line's as the upstream sees it.
/// How to verify it: docs/guides/upstream-signature.md.
/// </summary>
internal static class UpstreamSignature
{
    public const string Header = "X-Tollgate-Signature";

    public static string Sign(ReadOnlySpan<byte> secret, long unixSeconds, string method, string pathAndQuery, string requestId, string subscription)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{unixSeconds}.{method}.{pathAndQuery}.{requestId}.{subscription}");
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(text), mac);
        return string.Create(CultureInfo.InvariantCulture, $"t={unixSeconds},v1={Convert.ToHexStringLower(mac)}");
    }
}
