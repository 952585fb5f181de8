namespace Tollgate.Metering.Journal;

/// <summary>Copies of a journal's files, readable by their owner only and on disk when they are made.</summary>
internal static class JournalFiles
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int BlockBytes = 1024 * 1024;

    /// <summary>The first <paramref name="length"/> bytes, or as many as there are, and zeros to <paramref name="size"/>.</summary>
    public static async Task CopyAsync(string from, string to, int length, int size, CancellationToken cancellation)
    {
        var folder = Path.GetDirectoryName(to)!;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, Owner | UnixFileMode.UserExecute);
        using var source = File.OpenHandle(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var made = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            made.UnixCreateMode = Owner;
        var target = new FileStream(to, made);
        await using (target.ConfigureAwait(false))
        {
            var block = new byte[BlockBytes];
            for (long at = 0; at < size;)
            {
                var wanted = (int)Math.Min(BlockBytes, (at < length ? length : size) - at);
                var read = at < length ? await RandomAccess.ReadAsync(source, block.AsMemory(0, wanted), at, cancellation).ConfigureAwait(false) : 0;
                if (read == 0)
                {
                    // Zeros from here on, whatever was to come.
                    length = (int)at;
                    read = (int)Math.Min(BlockBytes, size - at);
                    block.AsSpan(0, read).Clear();
                }
                await target.WriteAsync(block.AsMemory(0, read), cancellation).ConfigureAwait(false);
                at += read;
            }
            target.Flush(flushToDisk: true);
        }
    }
}
