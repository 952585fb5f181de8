using System.Runtime.InteropServices;

namespace Tollgate.Metering.Journal;

/// <summary>What .NET has no call for on Unix: msync and madvise of a part of a mapping.</summary>
internal static unsafe partial class NativeFiles
{
    private const int SyncNow = 4;
    private const int DontNeed = 4;

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

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Madvise(byte* address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "msync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Msync(byte* address, nuint length, int flags);
}
