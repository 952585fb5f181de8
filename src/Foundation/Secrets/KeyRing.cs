using System.Security.Cryptography;

namespace Tollgate.Foundation.Secrets;

/// <summary>The keys that are known at one moment, the newest first. Each is named by the first bytes of its SHA-256.</summary>
internal sealed class KeyRing(IEnumerable<byte[]> keys, DateTime readAt)
{
    public const int IdLength = 4;
    private readonly (byte[] Id, AesGcm Cipher)[] _keys = [.. keys.Select(key => (KeyFile.IdOf(key), new AesGcm(key, 16)))];

    /// <summary>When the file had been written that they are from.</summary>
    public DateTime ReadAt => readAt;

    public (byte[] Id, AesGcm Cipher) Newest => _keys[0];

    public AesGcm? Find(ReadOnlySpan<byte> id)
    {
        foreach (var (known, cipher) in _keys)
            if (id.SequenceEqual(known))
                return cipher;
        return null;
    }
}
