using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Foundation;

/// <summary>
/// Secrets of letters and digits alone, so that a double click selects all of one, that end with six base62 characters of the CRC-32C of all that stands before:
/// a scanner tells a real one from a look-alike without asking, and typing errors are turned away before a hash is computed.
/// </summary>
public static class Base62
{
    public const int ChecksumLength = 6;

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>The prefix, so many random characters, and the checksum.</summary>
    public static string NewSecret(string prefix, int randomLength)
    {
        var body = prefix + RandomNumberGenerator.GetString(Alphabet, randomLength);
        Span<byte> checksum = stackalloc byte[ChecksumLength];
        WriteChecksum(Encoding.ASCII.GetBytes(body), checksum);
        return body + Encoding.ASCII.GetString(checksum);
    }

    /// <summary>Letters and digits behind the prefix, and a checksum that is right. Cheap, never throws.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> secret, int prefixLength)
    {
        if (secret.Length < prefixLength + ChecksumLength)
            return false;
        foreach (var c in secret[prefixLength..])
            if (!char.IsAsciiLetterOrDigit((char)c))
                return false;
        Span<byte> checksum = stackalloc byte[ChecksumLength];
        WriteChecksum(secret[..^ChecksumLength], checksum);
        return secret[^ChecksumLength..].SequenceEqual(checksum);
    }

    private static void WriteChecksum(ReadOnlySpan<byte> body, Span<byte> output)
    {
        var crc = uint.MaxValue;
        foreach (var b in body)
            crc = BitOperations.Crc32C(crc, b);
        crc = ~crc;
        for (var i = ChecksumLength - 1; i >= 0; i--)
        {
            output[i] = (byte)Alphabet[(int)(crc % 62)];
            crc /= 62;
        }
    }
}
