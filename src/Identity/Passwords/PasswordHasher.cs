using System.Text;

namespace Tollgate.Identity.Passwords;

/// <summary>Argon2id with 19 MiB and two passes (the OWASP minimum), as a PHC string. Each hash holds its memory for some 25 ms, in a turn of <see cref="HashSlots"/>.</summary>
internal sealed class PasswordHasher
{
    /// <summary>The hash of an account without a password: whoever wants one has it reset.</summary>
    public const string None = "";

    private const ulong Operations = 2;
    private const int Memory = 19 * 1024 * 1024;
    private readonly HashSlots _slots;
    private readonly Lazy<string> _dummy;

    public PasswordHasher(HashSlots slots)
    {
        _slots = slots;
        if (Sodium.Initialize() < 0)
            throw new InvalidOperationException("libsodium could not be initialized.");
        _dummy = new Lazy<string>(() => HashNow("no account has this password"));
    }

    public Task<string> HashAsync(string password, CancellationToken cancellation) => _slots.RunAsync(() => HashNow(password), cancellation);

    /// <summary>Without a hash (unknown account, or one without a password) the same work is done, so that the time tells nothing.</summary>
    public async Task<bool> VerifyAsync(string? hash, string password, CancellationToken cancellation)
    {
        var has = !string.IsNullOrEmpty(hash);
        var matches = await _slots.RunAsync(() => VerifyNow(has ? hash! : _dummy.Value, password), cancellation).ConfigureAwait(false);
        return matches && has;
    }

    public static bool NeedsRehash(string hash) => Sodium.NeedsRehash(Terminated(hash), Operations, Memory) != 0;

    private static string HashNow(string password)
    {
        Span<byte> output = stackalloc byte[Sodium.HashLength];
        var bytes = Encoding.UTF8.GetBytes(password);
        if (Sodium.Hash(output, bytes, (ulong)bytes.Length, Operations, Memory, Sodium.Argon2Id13) != 0)
            throw new InvalidOperationException("Argon2id could not get its memory.");
        return Encoding.ASCII.GetString(output[..output.IndexOf((byte)0)]);
    }

    private static bool VerifyNow(string hash, string password)
    {
        var bytes = Encoding.UTF8.GetBytes(password);
        return Sodium.Verify(Terminated(hash), bytes, (ulong)bytes.Length) == 0;
    }

    private static byte[] Terminated(string hash)
    {
        var bytes = new byte[Sodium.HashLength];
        Encoding.ASCII.GetBytes(hash, bytes);
        return bytes;
    }
}
