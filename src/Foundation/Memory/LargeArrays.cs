using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tollgate.Foundation;

/// <summary>
/// Arrays that are read here and there, a few bytes at a time. In ordinary pages of 4 KB each such look misses the processor's cache of addresses too; so the system is asked for
/// large ones. Advice only: where it is not taken, everything is as before.
/// </summary>
public static unsafe partial class LargeArrays
{
    private const long LargePage = 2 * 1024 * 1024;
    private const int HugePages = 14;

    /// <summary>An array whose content is not cleared. Pages that are never written to are never there.</summary>
    public static T[] Make<T>(int length)
        where T : unmanaged
    {
        var array = GC.AllocateUninitializedArray<T>(length, pinned: true);
        Advise(Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array)), (long)length * sizeof(T));
        return array;
    }

    /// <summary>The same for memory that is no array's.</summary>
    public static void Advise(void* memory, long bytes)
    {
        var start = ((long)memory + LargePage - 1) / LargePage * LargePage;
        var end = ((long)memory + bytes) / LargePage * LargePage;
        if (OperatingSystem.IsLinux() && end > start)
            _ = Madvise((void*)start, (nuint)(end - start), HugePages);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Madvise(void* address, nuint length, int advice);
}
