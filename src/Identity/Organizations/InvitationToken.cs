using System.Buffers.Text;
using System.Security.Cryptography;

namespace Tollgate.Identity.Organizations;

/// <summary>`tgi_` and 32 random bytes in base64url; kept as SHA-256 only.</summary>
internal static class InvitationToken
{
    private const string Prefix = "tgi_";

    public static (string Text, byte[] Digest) New()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        return (Prefix + Base64Url.EncodeToString(secret), SHA256.HashData(secret));
    }

    public static byte[]? DigestOf(string? text)
    {
        if (text is not { Length: 47 } || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var secret = new byte[32];
        return Base64Url.TryDecodeFromChars(text.AsSpan(Prefix.Length), secret, out var length) && length == 32 ? SHA256.HashData(secret) : null;
    }
}
