using System.Runtime.InteropServices;

namespace Tollgate.Host.Startup;

/// <summary>
/// The C library gives each thread that allocates a heap of its own, and gives none of it back: what the compiler took while the program started stays resident in each.
/// The path allocates nothing there, so a heap for all is no slower. Advice only: where the library does not take it, everything is as before.
/// </summary>
internal static partial class NativeHeap
{
    private const int ArenaMax = -8;

    public static void Share()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = Mallopt(ArenaMax, 1);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, with a heap of its own kind.
        }
    }

    /// <summary>Gives back what is free in them.</summary>
    public static void Trim()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = MallocTrim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // As above.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int MallocTrim(nuint left);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Mallopt(int parameter, int value);
}
