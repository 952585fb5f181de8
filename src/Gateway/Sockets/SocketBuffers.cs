using System.Buffers;

namespace Tollgate.Gateway.Sockets;

/// <summary>
/// What connections receive into and send out of. The small ones are kept by the loop: of the runtime's own pool a processor has 33 of a size, and where more calls
/// than that are under way at once it makes each other buffer anew.
/// </summary>
internal static class SocketBuffers
{
    /// <summary>The least that is given, in bytes: a head, and an answer of usual size.</summary>
    public const int Small = 4 * 1024;

    // For each loop, so at most a mebibyte.
    private const int MostKept = 256;

    /// <summary>Of at least so many bytes, with anything in them.</summary>
    public static byte[] Rent(int bytes) =>
        bytes <= Small && EventLoop.Current is { } loop && loop.Buffers.TryPop(out var kept) ? kept : ArrayPool<byte>.Shared.Rent(Math.Max(Small, bytes));

    public static void Return(byte[] buffer)
    {
        if (buffer.Length == Small && EventLoop.Current is { } loop && loop.Buffers.Count < MostKept)
            loop.Buffers.Push(buffer);
        else
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
