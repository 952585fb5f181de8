using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tollgate.Gateway.Sockets;

/// <summary>Several pieces of memory in one call into the kernel.</summary>
internal static unsafe class Pieces
{
    private const int Most = 64;

    /// <summary>How many bytes of both were taken, or -1 and why.</summary>
    public static nint Send(int descriptor, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, out int error)
    {
        fixed (byte* one = first, two = second)
        {
            var pieces = stackalloc Libc.Piece[2];
            pieces[0] = new Libc.Piece { Start = one, Length = first.Length };
            pieces[1] = new Libc.Piece { Start = two, Length = second.Length };
            var message = new Libc.Message { Pieces = pieces, PieceCount = 2 };
            var count = Libc.sendmsg(descriptor, &message, Libc.NoSignal);
            error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
            return count;
        }
    }

    /// <summary>How many bytes of the first <see cref="Most"/> pieces were taken, or -1 and why.</summary>
    public static nint Send(int descriptor, in ReadOnlySequence<byte> bytes, out int error)
    {
        var pieces = stackalloc Libc.Piece[Most];
        var pins = default(Pins);
        var used = 0;
        foreach (var segment in bytes)
        {
            if (used == Most)
                break;
            pins[used] = segment.Pin();
            pieces[used] = new Libc.Piece { Start = pins[used].Pointer, Length = segment.Length };
            used++;
        }
        var message = new Libc.Message { Pieces = pieces, PieceCount = used };
        var count = Libc.sendmsg(descriptor, &message, Libc.NoSignal);
        error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
        for (var i = 0; i < used; i++)
            pins[i].Dispose();
        return count;
    }

    [InlineArray(Most)]
    private struct Pins
    {
        private MemoryHandle _first;
    }
}
