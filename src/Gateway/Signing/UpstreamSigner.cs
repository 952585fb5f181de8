using System.Buffers;
using System.Buffers.Text;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Signing;

/// <summary>
/// Lets an upstream refuse what did not come through the gateway: <c>t=&lt;unix seconds&gt;,v1=&lt;hex HMAC-SHA256&gt;</c> over
/// <c>t.method.path-and-query.request_id.subscription</c>, where path-and-query is the request line's as the upstream sees it.
/// How to verify it: docs/guides/upstream-signature.md.
/// </summary>
internal sealed class UpstreamSigner(byte[] secret)
{
    public const string Header = "X-Tollgate-Signature";

    private const int SmallText = 1024;

    private readonly HmacSha256 _mac = new(secret);

    /// <summary>Length of <c>t=…,v1=…</c> at most.</summary>
    public const int MostBytes = 96;

    /// <summary>Writes the header's value; answers its length.</summary>
    /// <param name="unixSeconds">When the call came.</param>
    /// <param name="method">As it is sent.</param>
    /// <param name="pathAndQuery">As it is sent.</param>
    /// <param name="requestId">ASCII.</param>
    /// <param name="subscription">ASCII.</param>
    /// <param name="value">At least <see cref="MostBytes"/>.</param>
    public int Sign(long unixSeconds, ReadOnlySpan<byte> method, ReadOnlySpan<byte> pathAndQuery, ReadOnlySpan<byte> requestId, ReadOnlySpan<byte> subscription, Span<byte> value)
    {
        var most = 24 + method.Length + pathAndQuery.Length + requestId.Length + subscription.Length;
        var rented = most > SmallText ? ArrayPool<byte>.Shared.Rent(most) : null;
        var text = rented ?? stackalloc byte[SmallText];
        Utf8Formatter.TryFormat(unixSeconds, text, out var length);
        length = Part(text, length, method);
        length = Part(text, length, pathAndQuery);
        length = Part(text, length, requestId);
        length = Part(text, length, subscription);
        Span<byte> mac = stackalloc byte[Sha256.HashBytes];
        _mac.Compute(text[..length], mac);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return Write(unixSeconds, mac, value);
    }

    private static int Part(Span<byte> text, int length, ReadOnlySpan<byte> part)
    {
        text[length++] = (byte)'.';
        part.CopyTo(text[length..]);
        return length + part.Length;
    }

    private static int Write(long unixSeconds, ReadOnlySpan<byte> mac, Span<byte> value)
    {
        "t="u8.CopyTo(value);
        Utf8Formatter.TryFormat(unixSeconds, value[2..], out var digits);
        var length = digits + 2;
        ",v1="u8.CopyTo(value[length..]);
        length += 4;
        Convert.TryToHexStringLower(mac, value[length..], out var hex);
        return length + hex;
    }
}
