using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Tollgate.TestKit;

/// <summary>The app on a person's telephone (RFC 6238, SHA-1, six digits, half minutes): it has the secret that was offered, and shows a code.</summary>
public sealed class AuthenticatorApp(string offered)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    private readonly byte[] _secret = FromBase32(offered);

    public ReadOnlyMemory<byte> Secret => _secret;

    public string CodeAt(DateTimeOffset time, int offset = 0)
    {
        var step = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(step, time.ToUnixTimeSeconds() / 30 + offset);
#pragma warning disable CA5350 // What the apps do.
        var hash = HMACSHA1.HashData(_secret, step);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(hash[^1] & 0xF)) & 0x7FFF_FFFF;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    private static byte[] FromBase32(string text)
    {
        var bits = string.Concat(text.Select(c => Convert.ToString(Alphabet.IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
    }
}
