using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Tollgate.Foundation.Snapshots;

namespace Tollgate.Foundation;

/// <summary>One block of a snapshot's content, as it was written.</summary>
public delegate void SnapshotBlockReader(ReadOnlySpan<byte> block);

/// <summary>
/// A snapshot on disk: a base that is written whole and put in place by a rename, and changes that are appended to it, each block with a checksum. A file that
/// cannot be trusted is no file: <see cref="TryRead"/> says so, and so does one that could not be kept up to date, because that is removed. What was
/// appended survives kill -9; <see cref="Flush"/> is for the loss of power.
/// </summary>
public sealed partial class SnapshotFile : IDisposable
{
    // A small snapshot may grow to this before it is worth writing it anew.
    private const long SmallestWorthRewriting = 4 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly SnapshotHeader _header;
    private readonly ILogger _logger;
    private FileStream? _file;
    private SnapshotRewrite? _rewrite;
    private long _baseEnd;
    private long _end;
    private bool _dirty;

    /// <param name="path">Made with its folder, readable by its owner only.</param>
    /// <param name="content">Up to eight ASCII letters that say what is in it.</param>
    /// <param name="version">Of the content's own layout. Another version is not read.</param>
    /// <param name="logger">Told why a file is not used.</param>
    public SnapshotFile(string path, string content, ushort version, ILogger logger)
    {
        (_path, _header, _logger) = (Path.GetFullPath(path), new SnapshotHeader(content, version), logger);
    }

    /// <summary>There is none, or it has more changes than content.</summary>
    public bool NeedsRewrite
    {
        get
        {
            lock (_gate)
                return _file is null || _end - _baseEnd > Math.Max(_baseEnd, SmallestWorthRewriting);
        }
    }

    /// <summary>Hands out every block, base first. False: there is nothing to use, and what was handed out by then counts for nothing.</summary>
    public bool TryRead(SnapshotBlockReader read)
    {
        lock (_gate)
        {
            try
            {
                if (!File.Exists(_path))
                    return false;
                _file = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
                // All is checked before any of it is believed.
                var walk = new SnapshotWalk(_file.SafeFileHandle, _header);
                (_baseEnd, _end) = walk.Check();
                if (_end < walk.Length)
                {
                    LogTorn(_path, walk.Length - _end);
                    RandomAccess.SetLength(_file.SafeFileHandle, _end);
                }
                walk.Read(_end, read);
                return true;
            }
            catch (Exception exception)
            {
                LogUnusable(exception, _path);
                Close();
                return false;
            }
        }
    }

    /// <summary>
    /// Adds a block of changes; without effect as long as there is no base. <paramref name="inNewBase"/>: the base that is being written has it in any case, so that it need not be
    /// kept for it.
    /// </summary>
    public void Append(SnapshotBuffer block, bool inNewBase = false)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (block.Length == 0)
            return;
        lock (_gate)
        {
            if (!inNewBase)
                _rewrite?.Changed(block);
            if (_file is null)
                return;
            try
            {
                _end += SnapshotBlock.Write(_file.SafeFileHandle, _end, SnapshotBlock.Change, block.Memory);
                _dirty = true;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                LogBehind(exception, _path);
                Remove();
            }
        }
    }

    /// <summary>Brings what was appended to disk.</summary>
    public void Flush()
    {
        SafeFileHandle handle;
        lock (_gate)
        {
            if (!_dirty || _file is null)
                return;
            (_dirty, handle) = (false, _file.SafeFileHandle);
        }
        try
        {
            // Not under the lock: a change of the snapshot must not wait for the disk.
            RandomAccess.FlushToDisk(handle);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            LogNotFlushed(exception, _path);
        }
    }

    /// <summary>Begins a new base beside the present one; what is appended until it is committed is in both.</summary>
    public SnapshotRewrite Rewrite()
    {
        lock (_gate)
        {
            if (_rewrite is not null)
                throw new InvalidOperationException($"{_path} is being rewritten.");
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            return _rewrite = new SnapshotRewrite(this, _path + ".new", _header);
        }
    }

    /// <summary>The content is not to be used any more.</summary>
    public void Remove()
    {
        lock (_gate)
        {
            Close();
            try
            {
                if (File.Exists(_path))
                    File.Delete(_path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                LogNotRemoved(exception, _path);
            }
        }
    }

    public void Dispose()
    {
        Flush();
        lock (_gate)
            Close();
    }

    internal void Replace(FileStream file, Func<long> writeChanges, long baseEnd)
    {
        lock (_gate)
        {
            _rewrite = null;
            var end = writeChanges();
            file.Flush(flushToDisk: true);
            // The old file stays in force until this; should the new name be lost with the power, it is in force again, with what it holds.
            File.Move(_path + ".new", _path, overwrite: true);
            Close();
            (_file, _baseEnd, _end, _dirty) = (file, baseEnd, end, false);
        }
    }

    internal void GiveUp()
    {
        lock (_gate)
            _rewrite = null;
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    [LoggerMessage(111, LogLevel.Warning, "The snapshot {Path} is not used: it is damaged, unreadable or of another version. PostgreSQL is asked instead")]
    private partial void LogUnusable(Exception exception, string path);

    [LoggerMessage(112, LogLevel.Warning, "The last {Bytes} bytes of the snapshot {Path} were not written whole and are left out")]
    private partial void LogTorn(string path, long bytes);

    [LoggerMessage(113, LogLevel.Error, "The snapshot {Path} could not be kept up to date and is removed; until it is written anew, a start needs PostgreSQL")]
    private partial void LogBehind(Exception exception, string path);

    [LoggerMessage(114, LogLevel.Warning, "The snapshot {Path} could not be brought to disk")]
    private partial void LogNotFlushed(Exception exception, string path);

    [LoggerMessage(115, LogLevel.Error, "The outdated snapshot {Path} could not be removed: remove it before the next start")]
    private partial void LogNotRemoved(Exception exception, string path);
}
