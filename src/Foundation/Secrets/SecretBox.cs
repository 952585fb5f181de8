using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Tollgate.Foundation.Secrets;

/// <summary>
/// Layout: version (1), key id (4, the first bytes of the key's SHA-256), nonce (12), tag (16), ciphertext. The purpose is the associated data.
/// New secrets are sealed with <c>Secrets__Key</c> (32 bytes, base64), and <c>Secrets__OldKeys</c> (comma-separated) open what was sealed before; or with the
/// first key of the key file that the first start makes under the data folder. The file is looked at again when it was written anew.
/// </summary>
internal sealed class SecretBox : ISecretBox
{
    private const byte Version = 1;
    private const int IdAt = 1;
    private const int NonceAt = IdAt + KeyRing.IdLength;
    private const int TagAt = NonceAt + 12;
    private const int HeaderLength = TagAt + 16;

    private readonly string? _path;
    private volatile KeyRing _ring;

    public SecretBox(IConfiguration configuration)
    {
        if (KeyFile.Configured(configuration) is { } keys)
        {
            _ring = new KeyRing(keys, DateTime.MinValue);
            return;
        }
        _path = KeyFile.PathOf(configuration);
        KeyFile.Ensure(_path);
        _ring = Read();
    }

    /// <summary>Where the keys are; null when they are settings.</summary>
    public string? Path => _path;

    /// <summary>The id of the key that seals now.</summary>
    public byte[] NewestId => Current().Newest.Id;

    public byte[] Seal(string purpose, ReadOnlySpan<byte> plain)
    {
        var (id, cipher) = Current().Newest;
        var output = new byte[HeaderLength + plain.Length];
        output[0] = Version;
        id.CopyTo(output, IdAt);
        RandomNumberGenerator.Fill(output.AsSpan(NonceAt, 12));
        cipher.Encrypt(output.AsSpan(NonceAt, 12), plain, output.AsSpan(HeaderLength), output.AsSpan(TagAt, 16), Encoding.UTF8.GetBytes(purpose));
        return output;
    }

    public byte[] Open(string purpose, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < HeaderLength || sealedBytes[0] != Version)
            throw new CryptographicException("Not a sealed secret of a known version.");
        var id = sealedBytes.Slice(IdAt, KeyRing.IdLength);
        var cipher = _ring.Find(id) ?? Current().Find(id) ?? throw new CryptographicException("Sealed with a key that this program does not have (Secrets__Key, Secrets__OldKeys).");
        var plain = new byte[sealedBytes.Length - HeaderLength];
        cipher.Decrypt(sealedBytes.Slice(NonceAt, 12), sealedBytes[HeaderLength..], sealedBytes.Slice(TagAt, 16), plain, Encoding.UTF8.GetBytes(purpose));
        return plain;
    }

    // Whoever rotates keys writes the file; every program of the machine must seal with the new one from then on, or it would seal what is lost when the old one goes.
    private KeyRing Current()
    {
        var ring = _ring;
        return _path is null || File.GetLastWriteTimeUtc(_path) == ring.ReadAt ? ring : _ring = Read();
    }

    private KeyRing Read()
    {
        var written = File.GetLastWriteTimeUtc(_path!);
        return new KeyRing(KeyFile.Read(_path!), written);
    }
}
