using System.Runtime.InteropServices;

namespace Tollgate.Identity.Passwords;

/// <summary>Argon2id of libsodium 1.0.18 or newer (Debian package libsodium23).</summary>
internal static partial class Sodium
{
    public const int Argon2Id13 = 2;
    public const int HashLength = 128;

    private const string Library = "libsodium.so.23";

    [LibraryImport(Library, EntryPoint = "sodium_init")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Initialize();

    [LibraryImport(Library, EntryPoint = "crypto_pwhash_str_alg")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Hash(Span<byte> output, ReadOnlySpan<byte> password, ulong passwordLength, ulong operations, nuint memory, int algorithm);

    [LibraryImport(Library, EntryPoint = "crypto_pwhash_str_verify")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Verify(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> password, ulong passwordLength);

    [LibraryImport(Library, EntryPoint = "crypto_pwhash_str_needs_rehash")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int NeedsRehash(ReadOnlySpan<byte> hash, ulong operations, nuint memory);
}
