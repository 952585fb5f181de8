using System.Runtime.InteropServices;

namespace Tollgate.Gateway.Sockets;

/// <summary>
/// A buffer of the kernel's, through which what one socket has received goes to another without ever being copied (splice(2)). For one flow, one step at a time.
/// </summary>
internal sealed class KernelPipe : IDisposable
{
    /// <summary>What it asks the kernel for.</summary>
    public const int Size = 256 * 1024;

    // A user who has many gets but two pages for each: then it is cheaper to copy.
    private const int Least = 64 * 1024;

    // Descriptors are for clients and upstreams first.
    private const int Most = 256;

    // A sandbox may not let the call through.
    private static readonly Lazy<bool> s_works = new(Works);
    private static int s_open;

    private readonly int _in;
    private readonly int _out;

    private KernelPipe(int into, int outOf)
    {
        (_in, _out) = (into, outOf);
        Interlocked.Increment(ref s_open);
    }

    /// <summary>Bytes that stand in it.</summary>
    public int Held { get; private set; }

    /// <summary>Null where none is to be had, or the kernel will not do it: then bytes are copied.</summary>
    public static KernelPipe? TryOpen()
    {
        if (!s_works.Value || Volatile.Read(ref s_open) >= Most || TryOpenAny() is not { } pipe)
            return null;
        if (Libc.fcntl(pipe._in, Libc.SetPipeSize, Size) >= Least)
            return pipe;
        pipe.Dispose();
        return null;
    }

    /// <summary>From a socket into it, which must be empty. How many bytes, 0 when the peer has ended its side, or -1 and why.</summary>
    public unsafe nint Fill(int socket, int most, out int error)
    {
        var count = Libc.splice(socket, null, _in, null, most, Libc.SpliceMove | Libc.SpliceNonBlocking);
        error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (count > 0)
            Held += (int)count;
        return count;
    }

    /// <summary>From it into a socket. How many bytes, or -1 and why.</summary>
    public unsafe nint Drain(int socket, out int error)
    {
        var count = Libc.splice(_out, null, socket, null, Held, Libc.SpliceMove | Libc.SpliceNonBlocking);
        error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (count > 0)
            Held -= (int)count;
        return count;
    }

    /// <summary>When nobody uses it any more: its descriptors may be another's at once.</summary>
    public void Dispose()
    {
        _ = Libc.close(_in);
        _ = Libc.close(_out);
        Interlocked.Decrement(ref s_open);
    }

    private static unsafe KernelPipe? TryOpenAny()
    {
        var ends = stackalloc int[2];
        return Libc.TryPipe(ends) ? new KernelPipe(ends[1], ends[0]) : null;
    }

    // From a socket that is not connected: where the kernel would take its bytes, that is all that it says.
    private static bool Works()
    {
        using var pipe = TryOpenAny();
        var socket = Libc.TrySocket();
        if (pipe is null || socket < 0)
            return false;
        pipe.Fill(socket, 1, out var error);
        _ = Libc.close(socket);
        return error == Libc.NotConnected;
    }
}
