using System.Buffers.Text;

namespace Tollgate.Identity.Sessions;

/// <summary>`tgr_` and 32 random (or derived) bytes in base64url.</summary>
internal static class RefreshToken
{
    private const string Prefix = "tgr_";

    public static string Format(byte[] secret) => Prefix + Base64Url.EncodeToString(secret);

    public static byte[]? Parse(string? text)
    {
        if (text is not { Length: 47 } || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var secret = new byte[32];
        return Base64Url.TryDecodeFromChars(text.AsSpan(Prefix.Length), secret, out var length) && length == 32 ? secret : null;
    }
}
