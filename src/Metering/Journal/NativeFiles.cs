using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Metering.Journal;

/// <summary>What .NET has no call for on Unix: fallocate that says whether it did, and msync and madvise of a part of a mapping.</summary>
internal static unsafe partial class NativeFiles
{
    private const int SyncNow = 4;
    private const int DontNeed = 4;
    private const int PopulateRead = 22;
    private const int PopulateWrite = 23;

    // errno of Linux.
    private const int NotPermitted = 1;
    private const int Interrupted = 4;
    private const int InvalidArgument = 22;
    private const int NotImplemented = 38;
    private const int NotSupported = 95;

    /// <summary>
    /// Takes the room of a new file from the disk, all of it, so that no later write into it meets a full one; it reads as zeros. False where the file system or the system cannot:
    /// then zeros are to be written.
    /// </summary>
    /// <exception cref="IOException">No room.</exception>
    public static bool Reserve(SafeFileHandle file, int length)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        int error;
        do
        {
            if (Fallocate(file, 0, 0, length) == 0)
                return true;
            error = Marshal.GetLastPInvokeError();
        }
        while (error == Interrupted);
        return error is NotSupported or NotImplemented ? false : throw new IOException($"{length} bytes could not be reserved (errno {error}).");
    }

    /// <summary>
    /// Makes the pages of a part of a mapping present, and writable without a fault when asked to, in one call; the start must be that of a page. False where the kernel has none
    /// (before 5.14), or it may not be called: then each page is to be touched. A page that cannot be had is left, where a touch would end the process.
    /// </summary>
    public static bool Populate(byte* start, long length, bool writing) => OperatingSystem.IsLinux()
        && (Madvise(start, (nuint)length, writing ? PopulateWrite : PopulateRead) == 0 || Marshal.GetLastPInvokeError() is not (InvalidArgument or NotPermitted or NotImplemented));

    /// <summary>Brings a part of a mapping to disk; the start must be that of a page.</summary>
    public static void FlushPages(byte* start, long length)
    {
        if (Msync(start, (nuint)length, OperatingSystem.IsMacOS() ? 0x10 : SyncNow) != 0)
            throw new IOException($"msync failed (errno {Marshal.GetLastPInvokeError()}).");
    }

    /// <summary>Lets go of a part of a shared mapping: its pages stay in the file and in the kernel's cache, and are no longer this process's.</summary>
    public static void ReleasePages(byte* start, long length)
    {
        // Advice: where the system does not take it, the pages stay.
        if (!OperatingSystem.IsWindows() && length > 0)
            _ = Madvise(start, (nuint)length, DontNeed);
    }

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Fallocate(SafeFileHandle file, int mode, nint offset, nint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Madvise(byte* address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "msync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Msync(byte* address, nuint length, int flags);
}
