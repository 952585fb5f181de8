using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Host.Startup;

/// <summary>
/// Assemblies and libraries are mapped whole, and each page of them that loading, compiling or the start ever looked at stays this process's memory, some 60 MB, though most is never looked at again.
/// What nobody has written to is the file's: let go of, it stays in the kernel's cache, and a look at it brings it back. Advice only: where the system does not take it, everything is as before.
/// </summary>
internal static unsafe partial class LoadedCode
{
    private const string Maps = "/proc/self/maps", PageMap = "/proc/self/pagemap";
    private const int DontNeed = 4;

    // Of a page's word in the page map (Documentation/admin-guide/mm/pagemap.rst of Linux): it is in memory, it was swapped out, it is a file's.
    private const ulong Present = 1UL << 63, Swapped = 1UL << 62, OfFile = 1UL << 61;

    public static void Release() => Release(Maps);

    internal static void Release(string maps)
    {
        if (!OperatingSystem.IsLinux())
            return;
        // Those of this context, and the runtime's own libraries, are never unmapped: what lies at their addresses is theirs for good.
        var assemblies = AssemblyLoadContext.Default.Assemblies.Where(assembly => !assembly.IsDynamic).Select(assembly => assembly.Location).ToHashSet(StringComparer.Ordinal);
        try
        {
            var mappings = File.ReadLines(maps).Select(line => FileMapping.TryParse(line, out var mapping) ? mapping : default)
                .Where(mapping => mapping.Path is not null && (assemblies.Contains(mapping.Path) || (!mapping.Shared && IsOfRuntime(mapping.Path)))).ToArray();
            foreach (var mapping in mappings.Where(mapping => mapping.Shared))
                Release(mapping.Start, mapping.End);
            using var pages = File.OpenHandle(PageMap);
            if (TellsWhatIsWritten(pages))
                foreach (var mapping in mappings.Where(mapping => !mapping.Shared))
                    ReleaseUnwritten(mapping.Start, mapping.End, pages);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // No descriptor left, or no /proc: the pages stay.
        }
    }

    private static bool IsOfRuntime(string path) =>
        path.EndsWith(".so", StringComparison.Ordinal) && string.Equals(Path.GetDirectoryName(path), Path.GetDirectoryName(RuntimeEnvironment.GetRuntimeDirectory()), StringComparison.Ordinal);

    // Of a page that was written just now, or it is a map of something else (an emulator's, a sandbox's).
    private static bool TellsWhatIsWritten(SafeFileHandle pages)
    {
        ulong word = ~0UL;
        var at = (ulong)&word / (ulong)Environment.SystemPageSize * sizeof(ulong);
        return RandomAccess.Read(pages, MemoryMarshal.AsBytes(new Span<ulong>(ref word)), (long)at) == sizeof(ulong) && (word & (Present | OfFile)) == Present;
    }

    /// <summary>A page of a private mapping that was written to (an address in it, a debugger's breakpoint) is nowhere else. It was written while the file was loaded: what is unwritten now stays so.</summary>
    internal static void ReleaseUnwritten(ulong start, ulong end, SafeFileHandle pages)
    {
        var page = (ulong)Environment.SystemPageSize;
        Span<ulong> words = stackalloc ulong[512];
        for (ulong at = start, unwritten = start; at < end;)
        {
            var asked = words[..(int)Math.Min((ulong)words.Length, (end - at) / page)];
            var bytes = MemoryMarshal.AsBytes(asked);
            if (asked.IsEmpty || RandomAccess.Read(pages, bytes, (long)(at / page * sizeof(ulong))) != bytes.Length)
                return;
            foreach (var word in asked)
            {
                at += page;
                if (!IsOnlyHere(word) && at < end)
                    continue;
                Release(unwritten, IsOnlyHere(word) ? at - page : at);
                unwritten = at;
            }
        }
    }

    private static bool IsOnlyHere(ulong word) => (word & Swapped) != 0 || (word & (Present | OfFile)) == Present;

    private static void Release(ulong start, ulong end)
    {
        if (start < end)
            _ = Madvise((void*)start, (nuint)(end - start), DontNeed);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Madvise(void* address, nuint length, int advice);
}
