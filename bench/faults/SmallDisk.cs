using System.Diagnostics;

namespace Faults;

/// <summary>A file system of 1.2 MB in memory, for a journal that fills a real disk. Only where this process may mount one; else a setting limits the journal.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    public static SmallDisk? Mount()
    {
        var folder = Directory.CreateTempSubdirectory("tollgate-disk-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", folder))
            return new SmallDisk(folder);
        Directory.Delete(folder);
        Console.WriteLine("No small disk can be mounted here: the journal is limited by Journal__MaximumBytes instead.");
        return null;
    }

    public void Dispose()
    {
        if (Run("umount", Folder))
            Directory.Delete(Folder);
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
