using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Tollgate.Foundation.Secrets;

/// <summary>
/// Layout: version (1), key id (4, the first bytes of the key's SHA-256), nonce (12), tag (16), ciphertext. The purpose is the associated data.
/// New secrets are sealed with <c>Secrets__Key</c> (32 bytes, base64), or with the key file that the first start makes under the data folder;
/// <c>Secrets__OldKeys</c> (comma-separated) open what was sealed before a rotation.
/// </summary>
internal sealed class SecretBox : ISecretBox, IDisposable
{
    private const byte Version = 1;
    private const int HeaderLength = 1 + 4 + 12 + 16;
    private readonly List<(byte[] Id, AesGcm Cipher)> _keys = [];

    public SecretBox(IConfiguration configuration)
    {
        var current = configuration["Secrets:Key"] is { Length: > 0 } text ? Parse(text) : FromFile(configuration);
        Add(current);
        foreach (var old in (configuration["Secrets:OldKeys"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            Add(Parse(old));
    }

    public byte[] Seal(string purpose, ReadOnlySpan<byte> plain)
    {
        var (id, cipher) = _keys[0];
        var output = new byte[HeaderLength + plain.Length];
        output[0] = Version;
        id.CopyTo(output, 1);
        RandomNumberGenerator.Fill(output.AsSpan(5, 12));
        cipher.Encrypt(output.AsSpan(5, 12), plain, output.AsSpan(HeaderLength), output.AsSpan(17, 16), Encoding.UTF8.GetBytes(purpose));
        return output;
    }

    public byte[] Open(string purpose, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < HeaderLength || sealedBytes[0] != Version)
            throw new CryptographicException("Not a sealed secret of a known version.");
        foreach (var (id, cipher) in _keys)
        {
            if (!sealedBytes.Slice(1, 4).SequenceEqual(id))
                continue;
            var plain = new byte[sealedBytes.Length - HeaderLength];
            cipher.Decrypt(sealedBytes.Slice(5, 12), sealedBytes[HeaderLength..], sealedBytes.Slice(17, 16), plain, Encoding.UTF8.GetBytes(purpose));
            return plain;
        }
        throw new CryptographicException("Sealed with a key that this program does not have (Secrets__Key, Secrets__OldKeys).");
    }

    public void Dispose() => _keys.ForEach(key => key.Cipher.Dispose());

    private void Add(byte[] key) => _keys.Add((SHA256.HashData(key)[..4], new AesGcm(key, 16)));

    /// <summary>Where the key is when no setting holds it.</summary>
    public static string KeyFile(IConfiguration configuration) =>
        configuration["Secrets:KeyFile"] ?? Path.Combine(configuration["Data:Directory"] ?? "data", "secrets", "master.key");

    public static byte[] ReadKeyFile(string path) => Parse(File.ReadAllText(path).Trim());

    public static byte[] Parse(string text)
    {
        var key = Convert.FromBase64String(text);
        return key.Length == 32 ? key : throw new InvalidOperationException("Secrets__Key must be 32 bytes in base64.");
    }

    // Two programs that start at once agree on one key: the file is made complete under another name and linked, and the loser reads the winner's.
    private static byte[] FromFile(IConfiguration configuration)
    {
        var path = KeyFile(configuration);
        if (!File.Exists(path))
        {
            var folder = Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var draft = $"{path}.{Environment.ProcessId}";
            using (var file = new FileStream(draft, OwnerOnly(FileMode.Create)))
            {
                file.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))));
                file.Flush(flushToDisk: true);
            }
            try
            {
                File.Move(draft, path, overwrite: false);
            }
            catch (IOException) when (File.Exists(path))
            {
                File.Delete(draft);
            }
        }
        return ReadKeyFile(path);
    }

    private static FileStreamOptions OwnerOnly(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
