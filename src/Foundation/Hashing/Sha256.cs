using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Tollgate.Foundation;

/// <summary>
/// SHA-256 (FIPS 180-4) for the path of a call: nothing is allocated or looked up. The runtime's goes through OpenSSL's providers, which for a short text
/// costs many times the hash; this one calls the functions under them (docs/decisions/0019-sha-256.md). Where the library has none, or they do not
/// agree with the runtime's on a first text, the runtime's are used.
/// </summary>
public static unsafe class Sha256
{
    public const int HashBytes = 32;

    private static readonly OpenSsl? Library = OpenSsl.TryLoad();

    /// <summary>False where the runtime's own are used.</summary>
    public static bool IsDirect => Library is not null;

    /// <param name="text">Any length.</param>
    /// <param name="hash">At least <see cref="HashBytes"/>.</param>
    public static void HashData(ReadOnlySpan<byte> text, Span<byte> hash)
    {
        if (Library is null)
        {
            SHA256.HashData(text, hash);
            return;
        }
        State state;
        Library.Begin(&state);
        Library.Add(&state, text);
        Library.End(&state, hash);
    }

    /// <summary>SHA256_CTX, with room to spare.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct State;

    /// <summary>Null where <see cref="IsDirect"/> is false.</summary>
    internal static OpenSsl? Direct => Library;

    internal sealed class OpenSsl
    {
        private readonly delegate* unmanaged<State*, int> _init;
        private readonly delegate* unmanaged<State*, byte*, nuint, int> _update;
        private readonly delegate* unmanaged<byte*, State*, int> _final;

        private OpenSsl(nint init, nint update, nint final)
        {
            _init = (delegate* unmanaged<State*, int>)init;
            _update = (delegate* unmanaged<State*, byte*, nuint, int>)update;
            _final = (delegate* unmanaged<byte*, State*, int>)final;
        }

        public static OpenSsl? TryLoad()
        {
            if (!NativeLibrary.TryLoad("libcrypto.so.3", out var library) || !NativeLibrary.TryGetExport(library, "SHA256_Init", out var init)
                || !NativeLibrary.TryGetExport(library, "SHA256_Update", out var update) || !NativeLibrary.TryGetExport(library, "SHA256_Final", out var final))
                return null;
            var found = new OpenSsl(init, update, final);
            return found.Agrees() ? found : null;
        }

        public void Begin(State* state) => _init(state);

        public void Add(State* state, ReadOnlySpan<byte> text)
        {
            fixed (byte* start = text)
                _update(state, start, (nuint)text.Length);
        }

        public void End(State* state, Span<byte> hash)
        {
            if (hash.Length < HashBytes)
                throw new ArgumentException($"A hash has {HashBytes} bytes.", nameof(hash));
            fixed (byte* start = hash)
                _final(start, state);
        }

        private bool Agrees()
        {
            var text = new byte[200];
            RandomNumberGenerator.Fill(text);
            var hash = new byte[HashBytes];
            State state;
            Begin(&state);
            Add(&state, text);
            End(&state, hash);
            return hash.AsSpan().SequenceEqual(SHA256.HashData(text));
        }
    }
}
