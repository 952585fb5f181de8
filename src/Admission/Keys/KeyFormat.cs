using System.Security.Cryptography;
using System.Text;
using Tollgate.Foundation;

namespace Tollgate.Admission.Keys;

/// <summary>
/// <c>tg_live_</c> or <c>tg_test_</c>, 30 random base62 characters (178 bits) and 6 base62 characters of the CRC-32C of all that stands before them.
/// There is nothing but letters, digits and underscores, so that a double click selects all of it, and a scanner for leaked secrets can tell a
/// real key from a look-alike without asking us. The checksum also turns away typing errors and noise before a hash is computed.
/// </summary>
internal static class KeyFormat
{
    public const string Live = "tg_live_";
    public const string Test = "tg_test_";
    public const int Length = PrefixLength + RandomLength + Base62.ChecksumLength;
    public const int DigestLength = SHA256.HashSizeInBytes;

    private const int PrefixLength = 8;
    private const int RandomLength = 30;
    private const int ShownLength = PrefixLength + 4;

    public static string Generate(string prefix) => Base62.NewSecret(prefix, RandomLength);

    /// <summary>What of a key may be shown later: enough to recognize it, 24 of 178 bits.</summary>
    public static string Shown(string secret) => secret[..ShownLength];

    public static byte[] Digest(string secret) => SHA256.HashData(Encoding.ASCII.GetBytes(secret));

    /// <summary>Cheap, never throws, and says nothing about which keys exist.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> key) =>
        key.Length == Length && (key.StartsWith("tg_live_"u8) || key.StartsWith("tg_test_"u8)) && Base62.IsWellFormed(key, PrefixLength);
}
