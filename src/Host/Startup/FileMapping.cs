using System.Globalization;

namespace Tollgate.Host.Startup;

/// <summary>A line of /proc/PID/maps (proc(5)): a range of addresses whose pages are a file's, which nobody writes to through this range.</summary>
/// <param name="Start">The first address.</param>
/// <param name="End">The address behind the last.</param>
/// <param name="Shared">Whether what is written elsewhere is seen here; else a page that was written to while that was allowed is this process's own.</param>
/// <param name="Path">The file.</param>
internal readonly record struct FileMapping(ulong Start, ulong End, bool Shared, string Path)
{
    /// <summary>Takes shared mappings that can only be read, and private ones that hold code.</summary>
    public static bool TryParse(string line, out FileMapping mapping)
    {
        mapping = default;
        var (dash, space, slash) = (line.IndexOf('-', StringComparison.Ordinal), line.IndexOf(' ', StringComparison.Ordinal), line.IndexOf('/', StringComparison.Ordinal));
        if (dash < 0 || space < dash || slash < space)
            return false;
        var shared = line.AsSpan(space + 1).StartsWith("r--s ");
        if ((!shared && !line.AsSpan(space + 1).StartsWith("r-xp "))
            || !ulong.TryParse(line.AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var start)
            || !ulong.TryParse(line.AsSpan(dash + 1, space - dash - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var end))
            return false;
        mapping = new FileMapping(start, end, shared, line[slash..]);
        return true;
    }
}
