using System.Globalization;
using System.Runtime.InteropServices;

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

    public static void Release()
    {
        if (!OperatingSystem.IsLinux())
            return;
        foreach (var line in File.ReadLines(Maps))
            if (TryParse(line, out var start, out var end))
                _ = Madvise((void*)start, (nuint)(end - start), DontNeed);
    }

    /// <summary>The range of a line of /proc/PID/maps (proc(5)) that is a shared, read-only mapping of an assembly. A private one may have been written to, and is left alone.</summary>
    internal static bool TryParse(ReadOnlySpan<char> line, out ulong start, out ulong end)
    {
        (start, end) = (0, 0);
        var (dash, space) = (line.IndexOf('-'), line.IndexOf(' '));
        return dash > 0 && space > dash && line[(space + 1)..].StartsWith("r--s ", StringComparison.Ordinal) && line.EndsWith(".dll", StringComparison.Ordinal)
            && ulong.TryParse(line[..dash], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out start)
            && ulong.TryParse(line[(dash + 1)..space], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out end);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Madvise(void* address, nuint length, int advice);
}
