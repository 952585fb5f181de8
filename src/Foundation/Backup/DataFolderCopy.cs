using System.Buffers;
using System.Globalization;

namespace Tollgate.Foundation.Backup;

/// <summary>
/// Copies the files of a cluster that is being written to. What is torn or vanishes meanwhile is made whole by the write-ahead log of the same time, which
/// is copied afterwards.
/// </summary>
internal sealed class DataFolderCopy(string from, string to, Action<string> say, TimeProvider clock)
{
    private const int BlockBytes = 1024 * 1024;

    // Of the running server only: made anew at its start, or replaced by the log of the backup.
    private static readonly HashSet<string> Emptied =
        new(["pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans", "pgsql_tmp"], StringComparer.Ordinal);

    private static readonly HashSet<string> LeftOut = new(["postmaster.pid", "postmaster.opts", "current_logfiles", "backup_label", "tablespace_map", "pg_internal.init"], StringComparer.Ordinal);

    private readonly long _begin = clock.GetTimestamp();
    private int _told;

    public long Files { get; private set; }

    public long Bytes { get; private set; }

    public async Task RunAsync(CancellationToken cancellation)
    {
        await FolderAsync("", cancellation).ConfigureAwait(false);
        await ControlFileAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Answers false for a file that is gone.</summary>
    public async Task<bool> FileAsync(string relative, CancellationToken cancellation)
    {
        Microsoft.Win32.SafeHandles.SafeFileHandle source;
        try
        {
            source = File.OpenHandle(Path.Combine(from, relative), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        using (source)
        {
            var target = PrivateFiles.Create(Path.Combine(to, relative));
            await using (target.ConfigureAwait(false))
            {
                int read;
                for (long at = 0; (read = await RandomAccess.ReadAsync(source, block.AsMemory(0, BlockBytes), at, cancellation).ConfigureAwait(false)) > 0; at += read)
                {
                    await target.WriteAsync(block.AsMemory(0, read), cancellation).ConfigureAwait(false);
                    Count(read);
                }
            }
        }
        ArrayPool<byte>.Shared.Return(block);
        Files++;
        return true;
    }

    private async Task FolderAsync(string relative, CancellationToken cancellation)
    {
        PrivateFiles.MakeFolder(Path.Combine(to, relative));
        foreach (var entry in Entries(relative))
        {
            var name = Path.Combine(relative, entry.Name);
            if (entry is DirectoryInfo)
            {
                if (Emptied.Contains(entry.Name) || entry.Name.StartsWith("pgsql_tmp", StringComparison.Ordinal))
                    PrivateFiles.MakeFolder(Path.Combine(to, name));
                else
                    await FolderAsync(name, cancellation).ConfigureAwait(false);
            }
            else if (!LeftOut.Contains(entry.Name) && !entry.Name.StartsWith("pg_internal.init.", StringComparison.Ordinal) && name != Path.Combine("global", "pg_control"))
                await FileAsync(name, cancellation).ConfigureAwait(false);
        }
    }

    private List<FileSystemInfo> Entries(string relative)
    {
        try
        {
            return [.. new DirectoryInfo(Path.Combine(from, relative)).EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            // A database was dropped meanwhile.
            return [];
        }
    }

    // The one file that the log does not repair: read until two readings are the same. It comes last, as the server asks.
    private async Task ControlFileAsync(CancellationToken cancellation)
    {
        var path = Path.Combine(from, "global", "pg_control");
        var content = await File.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false);
        for (var again = Array.Empty<byte>(); !again.AsSpan().SequenceEqual(content);)
            (content, again) = (await File.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false), content);
        await PrivateFiles.WriteAsync(Path.Combine(to, "global", "pg_control"), content, cancellation).ConfigureAwait(false);
        Files++;
    }

    // A line every two seconds, so that a large database does not look like a hang.
    private void Count(int bytes)
    {
        Bytes += bytes;
        var due = (int)(clock.GetElapsedTime(_begin).TotalSeconds / 2);
        if (due == _told)
            return;
        _told = due;
        say(string.Create(CultureInfo.InvariantCulture, $"  {Files} files, {Bytes / 1_000_000} MB"));
    }
}
