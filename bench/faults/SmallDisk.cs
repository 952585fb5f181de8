using System.Diagnostics;

namespace Faults;

/// <summary>A small file system in memory, which fills as a real disk does. Only where this process may mount one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    /// <param name="size">As mount takes it, such as 1200k.</param>
    public static SmallDisk? Mount(string size)
    {
        var folder = Directory.CreateTempSubdirectory("tollgate-disk-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", folder))
            return new SmallDisk(folder);
        Directory.Delete(folder);
        return null;
    }

    public static bool CanMount()
    {
        using var disk = Mount("64k");
        return disk is not null;
    }

    /// <summary>Takes all the room that is left; the answer gives it back.</summary>
    public Action Fill()
    {
        var path = Path.Combine(Folder, "ballast");
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var block = new byte[1024 * 1024]; block.Length >= 4096;)
            try
            {
                file.Write(block);
            }
            catch (IOException)
            {
                block = new byte[block.Length / 2];
            }
        return () => File.Delete(path);
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
