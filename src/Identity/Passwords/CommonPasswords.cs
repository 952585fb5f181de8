using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Identity.Passwords;

/// <summary>The list of passwords that everybody who guesses knows; see common-passwords.md. It stays in the program's file and is read where it lies.</summary>
internal static unsafe class CommonPasswords
{
    private static readonly UnmanagedMemoryStream Resource =
        (UnmanagedMemoryStream)(typeof(CommonPasswords).Assembly.GetManifestResourceStream("common-passwords.bin") ?? throw new InvalidOperationException("The list of common passwords is missing."));

    public static bool Contains(string password)
    {
        var wanted = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(password.ToLowerInvariant())));
        var digests = new ReadOnlySpan<byte>(Resource.PositionPointer, (int)Resource.Length);
        var (low, high) = (0, (digests.Length / 4) - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var found = BinaryPrimitives.ReadUInt32BigEndian(digests[(middle * 4)..]);
            if (found == wanted)
                return true;
            if (found < wanted)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return false;
    }
}
