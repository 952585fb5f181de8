namespace Tollgate.Foundation.Postgres.Embedded;

/// <summary>One program owns a data folder. The lock goes with the process, however it ends.</summary>
internal sealed class ClusterLock : IDisposable
{
    private readonly FileStream _file;

    private ClusterLock(FileStream file) => _file = file;

    /// <summary>Null when another program holds it.</summary>
    public static ClusterLock? TryTake(string dataDirectory)
    {
        Directory.CreateDirectory(dataDirectory);
        try
        {
            return new ClusterLock(new FileStream(Path.Combine(dataDirectory, "postgres.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException held) when (held is not DirectoryNotFoundException and not PathTooLongException)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
