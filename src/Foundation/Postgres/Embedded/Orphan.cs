using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Tollgate.Foundation.Postgres.Embedded;

/// <summary>
/// What an earlier program left: a server that runs on (its parent was killed, and the system did not pass the death on), or the file that says one
/// runs although the number now belongs to somebody else. Called under the folder's lock, so nobody else can own either.
/// </summary>
internal static class Orphan
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task EndAsync(ClusterFolder folder, ILogger logger, CancellationToken cancellation)
    {
        if (ReadPidFile(folder) is not { } left)
            return;
        if (Native.IsAlive(left.ProcessId) && RunsHere(left.ProcessId, folder))
        {
            logger.LogWarning("A PostgreSQL of an earlier run still works in {Folder} (process {Process}); it is stopped and started anew", folder.Data, left.ProcessId);
            foreach (var signal in (int[])[Native.Interrupt, Native.Quit, Native.Kill])
            {
                Native.Signal(left.ProcessId, signal);
                if (await EndedAsync(left.ProcessId, cancellation).ConfigureAwait(false))
                    break;
            }
        }
        // The server would take a number that was given out again for its own predecessor, and refuse to start.
        File.Delete(folder.PidFile);
        foreach (var file in Directory.EnumerateFiles(folder.Socket))
            File.Delete(file);
    }

    /// <summary>Process and socket folder of the server that the file names.</summary>
    public static (int ProcessId, string Socket)? ReadPidFile(ClusterFolder folder) => ReadPidFile(folder.PidFile);

    public static (int ProcessId, string Socket)? ReadPidFile(string path)
    {
        if (!File.Exists(path))
            return null;
        var lines = File.ReadAllLines(path);
        return lines.Length > 0 && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out var process)
            ? (process, lines.Length > 4 ? lines[4].Trim() : "")
            : null;
    }

    private static bool RunsHere(int process, ClusterFolder folder)
    {
        if (!Directory.Exists("/proc/self"))
            return true;
        try
        {
            return new FileInfo($"/proc/{process}/cwd").LinkTarget is { } target && Path.GetFullPath(target) == Path.GetFullPath(folder.Data);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task<bool> EndedAsync(int process, CancellationToken cancellation)
    {
        for (var waited = TimeSpan.Zero; waited < Patience; waited += TimeSpan.FromMilliseconds(50))
        {
            if (!Native.IsAlive(process))
                return true;
            await Task.Delay(50, cancellation).ConfigureAwait(false);
        }
        return false;
    }
}
