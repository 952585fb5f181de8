using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests.Faults;

/// <summary>Signals to the PostgreSQL that a running program has as its child.</summary>
internal static partial class Processes
{
    private const int Kill = 9;
    private const int Continue = 18;
    private const int Stop = 19;

    /// <summary>kill -9. False when it is on its way up and there is nothing to kill yet.</summary>
    public static bool KillPostgres(RunningProgram program) => Children(program.ProcessId) is [var server] && Signal(server, Kill) == 0;

    /// <summary>Stops the server with all its processes where they stand, as a machine does that hangs; the answer lets them go on.</summary>
    public static Action FreezePostgres(RunningProgram program)
    {
        if (Children(program.ProcessId) is not [var server])
            return () => { };
        int[] all = [server, .. Children(server)];
        foreach (var process in all)
            _ = Signal(process, Stop);
        return () =>
        {
            foreach (var process in all)
                _ = Signal(process, Continue);
        };
    }

    /// <summary>None when a thread ends while they are counted: to be asked again.</summary>
    public static int[] Children(int process)
    {
        try
        {
            return [.. Directory.EnumerateDirectories($"/proc/{process}/task").SelectMany(task => File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            return [];
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Signal(int process, int signal);
}
