using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tollgate.Gateway.Sockets;

/// <summary>The calls into the kernel that the loops need, on Linux. All descriptors are non-blocking.</summary>
internal static unsafe partial class Libc
{
    public const int Interrupted = 4;
    public const int Again = 11;
    public const int TooManyFilesAtAll = 23;
    public const int TooManyFiles = 24;
    public const int NotConnected = 107;
    public const int InProgress = 115;

    public const uint In = 0x1;
    public const uint Out = 0x4;
    public const uint Error = 0x8;
    public const uint HangUp = 0x10;
    public const uint ReadHangUp = 0x2000;
    public const uint Exclusive = 1u << 28;
    public const uint EdgeTriggered = 1u << 31;

    public const int NoSignal = 0x4000;
    public const int ShutdownSend = 1;
    public const int ShutdownBoth = 2;
    public const int SetPipeSize = 1031;
    public const uint SpliceMove = 1;
    public const uint SpliceNonBlocking = 2;

    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int Add = 1;

    /// <summary>As the kernel has it: packed on x86-64 alone.</summary>
    // struct sched_attr, version 1; policy 0 is SCHED_OTHER.
    [StructLayout(LayoutKind.Sequential)]
    private struct Scheduling
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
        public uint UtilMin;
        public uint UtilMax;
    }

    [StructLayout(LayoutKind.Explicit, Size = 12)]
    public struct EventX64
    {
        [FieldOffset(0)]
        public uint Events;

        [FieldOffset(4)]
        public ulong Data;
    }

    [StructLayout(LayoutKind.Explicit, Size = 16)]
    public struct EventOther
    {
        [FieldOffset(0)]
        public uint Events;

        [FieldOffset(8)]
        public ulong Data;
    }

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Piece
    {
        public void* Start;
        public nint Length;
    }

    /// <summary>struct msghdr; the C library's types, which the kernel's agree with on both processors.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public void* Name;
        public int NameLength;
        public Piece* Pieces;
        public nint PieceCount;
        public void* Control;
        public nint ControlLength;
        public int Flags;
    }

    public static int EpollCreate() => Check(epoll_create1(CloseOnExec), "epoll_create1");

    public static int EventCreate() => Check(eventfd(0, CloseOnExec | NonBlocking), "eventfd");

    /// <summary>Both ends, the one to read from first. False when there is none to be had.</summary>
    public static bool TryPipe(int* ends) => pipe2(ends, CloseOnExec | NonBlocking) == 0;

    /// <summary>-1 when there is none to be had.</summary>
    public static int TryEventCreate() => eventfd(0, CloseOnExec | NonBlocking);

    public static void EpollAdd(int epoll, int descriptor, uint events, ulong data)
    {
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            var one = new EventX64 { Events = events, Data = data };
            Check(epoll_ctl(epoll, Add, descriptor, &one), "epoll_ctl");
            return;
        }
        var other = new EventOther { Events = events, Data = data };
        Check(epoll_ctl(epoll, Add, descriptor, &other), "epoll_ctl");
    }

    /// <summary>A connected, non-blocking descriptor; -1 when there is none, with the error in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
    public static int Accept(int listener) => accept4(listener, null, null, CloseOnExec | NonBlocking);

    /// <exception cref="SocketException">Too many are open.</exception>
    public static int Socket(int family)
    {
        var descriptor = socket(family, 1 | CloseOnExec | NonBlocking, 0);
        if (descriptor < 0 && Marshal.GetLastPInvokeError() is (TooManyFiles or TooManyFilesAtAll))
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        return Check(descriptor, "socket");
    }

    /// <summary>Of IPv4; -1 when there is none to be had.</summary>
    public static int TrySocket() => socket(2, 1 | CloseOnExec | NonBlocking, 0);

    public static void NoDelay(int descriptor)
    {
        var on = 1;
        // What cannot be set (a connection that has gone) is noticed by whoever uses it.
        _ = setsockopt(descriptor, 6, 1, &on, sizeof(int));
    }

    /// <summary>The error that a descriptor has waiting, 0 for none.</summary>
    public static int PendingError(int descriptor)
    {
        int error, length = sizeof(int);
        return getsockopt(descriptor, 1, 4, &error, &length) == 0 ? error : Marshal.GetLastPInvokeError();
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_wait(int epoll, void* events, int most, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recv(int descriptor, byte* buffer, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint send(int descriptor, byte* buffer, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendmsg(int descriptor, Message* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int descriptor, void* buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int descriptor, void* buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint splice(int from, long* fromPlace, int to, long* toPlace, nint most, uint flags);

    /// <summary>Its one more argument is a number with all commands that are used here.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int connect(int descriptor, byte* address, int length);

    /// <summary>Which 0, who 0: the calling thread.</summary>
    [LibraryImport("libc")]
    public static partial int setpriority(int which, int who, int niceness);

    /// <summary>
    /// The calling thread asks for slices of so long: the shorter, the sooner it runs once it wakes, and the sooner another does when it has had its share. A wish:
    /// kernels before 6.12 do not know it.
    /// </summary>
    public static void AskForSlices(int nanoseconds)
    {
        var number = RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => 314, Architecture.Arm64 => 274, _ => 0 };
        var scheduling = new Scheduling { Size = (uint)sizeof(Scheduling), Nice = getpriority(0, 0), Runtime = (ulong)nanoseconds };
        if (number != 0)
            _ = syscall(number, 0, &scheduling, 0);
    }

    [LibraryImport("libc")]
    public static partial int shutdown(int descriptor, int how);

    [LibraryImport("libc")]
    public static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getpeername(int descriptor, byte* address, int* length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockname(int descriptor, byte* address, int* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int descriptor, void* change);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int listener, void* address, void* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int descriptor, int level, int name, void* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int descriptor, int level, int name, void* value, int* length);

    // sched_setattr has no function in the C library of Debian 12.
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint thread, Scheduling* scheduling, nint flags);

    [LibraryImport("libc")]
    private static partial int getpriority(int which, int who);

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
