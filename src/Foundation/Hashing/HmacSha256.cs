using System.Security.Cryptography;

namespace Tollgate.Foundation;

/// <summary>
/// HMAC-SHA-256 (RFC 2104) with one key, ready for many texts: what the key alone decides is computed once. Any number of threads.
/// </summary>
public sealed unsafe class HmacSha256
{
    private const int BlockBytes = 64;

    private readonly byte[] _key;
    private readonly Sha256.State _inner;
    private readonly Sha256.State _outer;

    public HmacSha256(ReadOnlySpan<byte> key)
    {
        _key = key.Length > BlockBytes ? SHA256.HashData(key) : key.ToArray();
        if (Sha256.Direct is not { } library)
            return;
        _inner = Keyed(library, 0x36);
        _outer = Keyed(library, 0x5c);
    }

    /// <param name="text">Any length.</param>
    /// <param name="mac">At least <see cref="Sha256.HashBytes"/>.</param>
    public void Compute(ReadOnlySpan<byte> text, Span<byte> mac)
    {
        if (Sha256.Direct is not { } library)
        {
            HMACSHA256.HashData(_key, text, mac);
            return;
        }
        var state = _inner;
        library.Add(&state, text);
        library.End(&state, mac);
        state = _outer;
        library.Add(&state, mac[..Sha256.HashBytes]);
        library.End(&state, mac);
    }

    private Sha256.State Keyed(Sha256.OpenSsl library, byte pad)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        block.Fill(pad);
        for (var i = 0; i < _key.Length; i++)
            block[i] ^= _key[i];
        Sha256.State state;
        library.Begin(&state);
        library.Add(&state, block);
        block.Clear();
        return state;
    }
}
