using System.Security.Cryptography;
using System.Text;
using Tollgate.Foundation;

namespace Tollgate.Identity.ApiTokens;

/// <summary><c>tgp_</c>, 30 random base62 characters (178 bits) and the checksum that keys have too.</summary>
internal static class ApiTokenText
{
    public const string Prefix = "tgp_";

    private const int RandomLength = 30;
    private const int ShownLength = 8;

    public static string New() => Base62.NewSecret(Prefix, RandomLength);

    /// <summary>What may be shown later: enough to recognize it, 24 of 178 bits.</summary>
    public static string Shown(string token) => token[..ShownLength];

    /// <summary>Null for what is none of ours.</summary>
    public static byte[]? DigestOf(string token)
    {
        if (token.Length != Prefix.Length + RandomLength + Base62.ChecksumLength || !token.StartsWith(Prefix, StringComparison.Ordinal) || !Ascii.IsValid(token))
            return null;
        var bytes = Encoding.ASCII.GetBytes(token);
        return Base62.IsWellFormed(bytes, Prefix.Length) ? SHA256.HashData(bytes) : null;
    }
}
