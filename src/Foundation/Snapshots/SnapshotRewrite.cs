using Tollgate.Foundation.Snapshots;

namespace Tollgate.Foundation;

/// <summary>A base on its way to disk. Write a record into <see cref="Records"/>, say <see cref="Next"/>, and <see cref="Commit"/> at the end.</summary>
public sealed class SnapshotRewrite : IDisposable
{
    private const int BlockBytes = 256 * 1024;

    private readonly SnapshotFile _owner;
    private readonly string _path;
    private readonly FileStream _file;
    private readonly List<byte[]> _changes = [];
    private long _end;
    private bool _committed;

    internal SnapshotRewrite(SnapshotFile owner, string path, SnapshotHeader header)
    {
        (_owner, _path) = (owner, path);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            _file = new FileStream(path, options);
            _end = header.WriteTo(_file.SafeFileHandle);
        }
        catch
        {
            _file?.Dispose();
            owner.GiveUp();
            throw;
        }
    }

    public SnapshotBuffer Records { get; } = new();

    /// <summary>A record is complete.</summary>
    public void Next()
    {
        if (Records.Length >= BlockBytes)
            WriteBlock();
    }

    /// <summary>Puts it in place of the present one, with all that was appended since it began.</summary>
    public void Commit()
    {
        if (Records.Length > 0)
            WriteBlock();
        _end += SnapshotBlock.Write(_file.SafeFileHandle, _end, SnapshotBlock.EndOfBase, default);
        _owner.Replace(_file, WriteChanges, _end);
        _committed = true;
    }

    public void Dispose()
    {
        if (_committed)
            return;
        _owner.GiveUp();
        _file.Dispose();
        File.Delete(_path);
    }

    // Called under the owner's lock, as Replace's writeChanges is.
    internal void Changed(SnapshotBuffer block) => _changes.Add(block.Written.ToArray());

    private long WriteChanges()
    {
        foreach (var block in _changes)
            _end += SnapshotBlock.Write(_file.SafeFileHandle, _end, SnapshotBlock.Change, block);
        return _end;
    }

    private void WriteBlock()
    {
        _end += SnapshotBlock.Write(_file.SafeFileHandle, _end, SnapshotBlock.Base, Records.Memory);
        Records.Clear();
    }
}
