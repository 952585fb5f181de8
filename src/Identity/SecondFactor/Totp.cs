using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Identity.SecondFactor;

/// <summary>One-time codes by time (RFC 6238): HMAC-SHA-1, 30 s, six digits, as every authenticator app has them.</summary>
internal static class Totp
{
    private const int StepSeconds = 30;
    private const int Codes = 1_000_000;
    private const string Base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>160 bits, the size of the hash.</summary>
    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(20);

    public static long StepOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The step that a code belongs to, one before and one after now included; null for a wrong one. All three are looked at, whichever it is.</summary>
    public static long? StepOf(byte[] secret, string code, DateTimeOffset now)
    {
        long? found = null;
        for (var step = StepOf(now) - 1; step <= StepOf(now) + 1; step++)
            if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(CodeAt(secret, step)), Encoding.ASCII.GetBytes(code)))
                found = step;
        return found;
    }

    // SHA-1 is what the apps compute; HMAC does not rest on what is broken in it.
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "RFC 6238 as the apps have it.")]
    public static string CodeAt(byte[] secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[20];
        HMACSHA1.HashData(secret, counter, hash);
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[19] & 15)..]) & int.MaxValue;
        return (number % Codes).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>What the QR code holds.</summary>
    public static string Uri(byte[] secret, string account) =>
        $"otpauth://totp/Tollgate:{System.Uri.EscapeDataString(account)}?secret={Base32(secret)}&issuer=Tollgate&algorithm=SHA1&digits=6&period={StepSeconds}";

    public static string Base32(byte[] bytes)
    {
        var text = new StringBuilder();
        for (var bit = 0; bit < bytes.Length * 8; bit += 5)
        {
            var value = 0;
            for (var i = bit; i < bit + 5; i++)
                value = (value << 1) | (i < bytes.Length * 8 ? (bytes[i / 8] >> (7 - (i % 8))) & 1 : 0);
            text.Append(Base32Alphabet[value]);
        }
        return text.ToString();
    }
}
