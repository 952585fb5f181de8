namespace Tollgate.Foundation;

/// <summary>Authenticated encryption (AES-256-GCM) of secrets at rest. The purpose is bound into the ciphertext: what was sealed for one opens for no other.</summary>
public interface ISecretBox
{
    byte[] Seal(string purpose, ReadOnlySpan<byte> plain);

    /// <exception cref="System.Security.Cryptography.CryptographicException">It was altered, or sealed for another purpose or with a key that is gone.</exception>
    byte[] Open(string purpose, ReadOnlySpan<byte> sealedBytes);
}
