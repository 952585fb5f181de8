using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Tollgate.Host.Startup;

/// <summary>
/// Assemblies that were not compiled ahead of time are mapped whole, and what loading them and compiling their methods read stays this process's memory, some 30 MB of it,
/// though most is never looked at again. Their pages are the file's, shared and never written to: let go of, they stay in the kernel's cache, and a look at one brings it back.
/// Advice only: where the system does not take it, everything is as before.
/// </summary>
internal static unsafe partial class MappedAssemblies
{
    private const string Maps = "/proc/self/maps";
    private const int DontNeed = 4;

    public static void Release() => Release(Maps);

    internal static void Release(string maps)
    {
        if (!OperatingSystem.IsLinux())
            return;
        // Those of this context are never unmapped: what lies at their addresses is theirs for good.
        var ours = AssemblyLoadContext.Default.Assemblies.Where(assembly => !assembly.IsDynamic).Select(assembly => assembly.Location).ToHashSet(StringComparer.Ordinal);
        try
        {
            foreach (var line in File.ReadLines(maps))
                if (TryParse(line, out var start, out var end, out var path) && ours.Contains(path))
                    _ = Madvise((void*)start, (nuint)(end - start), DontNeed);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // No descriptor left, or no /proc: the pages stay.
        }
    }

    /// <summary>The range of a line of /proc/PID/maps (proc(5)) that is a shared, read-only mapping of a file. A private one may have been written to, and is left alone.</summary>
    internal static bool TryParse(string line, out ulong start, out ulong end, out string path)
    {
        (start, end, path) = (0, 0, "");
        var (dash, space, slash) = (line.IndexOf('-', StringComparison.Ordinal), line.IndexOf(' ', StringComparison.Ordinal), line.IndexOf('/', StringComparison.Ordinal));
        if (dash < 0 || space < dash || slash < space || string.CompareOrdinal(line, space + 1, "r--s ", 0, 5) != 0)
            return false;
        path = line[slash..];
        return ulong.TryParse(line.AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out start)
            && ulong.TryParse(line.AsSpan(dash + 1, space - dash - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out end);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Madvise(void* address, nuint length, int advice);
}
