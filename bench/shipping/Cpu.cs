using System.Diagnostics;
using System.Globalization;

namespace Shipping;

/// <summary>CPU seconds of this process, and of a PostgreSQL server with all its processes, those that have ended included.</summary>
internal readonly record struct Cpu(double Self, double Server)
{
    // USER_HZ, fixed by the kernel's interface.
    private const double TicksPerSecond = 100;

    public static Cpu Take(int server)
    {
        using var self = Process.GetCurrentProcess();
        var ticks = Ticks(Stat(server), withChildren: true);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process) && Stat(process) is { Length: > 0 } stat && Parent(stat) == server)
                ticks += Ticks(stat, withChildren: false);
        return new Cpu(self.TotalProcessorTime.TotalSeconds, ticks / TicksPerSecond);
    }

    /// <summary>CPU seconds of one process.</summary>
    public static double Of(int process) => Ticks(Stat(process), withChildren: false) / TicksPerSecond;

    /// <summary>A line of this process's status, such as VmHWM (the most that was resident) and RssAnon (what of it is no file: the mapped journal is one).</summary>
    public static long Megabytes(string name) => long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;

    public static Cpu operator -(Cpu left, Cpu right) => new(left.Self - right.Self, left.Server - right.Server);

    // The fields after the name, which is in brackets and may hold anything: state, parent, … utime is the 12th, then stime and those of ended children.
    private static string[] Stat(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static int Parent(string[] stat) => int.Parse(stat[1], CultureInfo.InvariantCulture);

    private static long Ticks(string[] stat, bool withChildren) =>
        stat.Skip(11).Take(withChildren ? 4 : 2).Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
}
