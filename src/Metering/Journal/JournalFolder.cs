using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tollgate.Foundation;

namespace Tollgate.Metering.Journal;

/// <summary>The files of a journal: its identity, the lock that is held for its life, and the segments.</summary>
internal sealed class JournalFolder : IDisposable
{
    public const string IdentityFile = "journal.id";

    private const string Running = "running";
    private const string Closed = "closed";
    private readonly long _maximumBytes;
    private readonly FileStream _lock;

    public JournalFolder(string path, int segmentBytes, long maximumBytes)
    {
        (Path, _maximumBytes) = (System.IO.Path.GetFullPath(path), maximumBytes);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(Path);
        else
            Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _lock = TakeLock();
        try
        {
            var before = ReadState();
            MayHaveLostPages = !(before is [Closed]) && !(before is [Running, var boot] && boot == BootId());
            (Id, SegmentBytes) = ReadOrMakeIdentity(segmentBytes);
            foreach (var leftover in Directory.GetFiles(Path, "*.tmp"))
                File.Delete(leftover);
            WriteState($"{Running} {BootId()}");
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    public string Path { get; }

    public Guid Id { get; }

    /// <summary>As the journal was made; offsets depend on it.</summary>
    public int SegmentBytes { get; }

    /// <summary>It was not closed, and the machine has started anew since: the last pages may never have reached the disk.</summary>
    public bool MayHaveLostPages { get; }

    /// <summary>Indexes of the segments on disk, in order.</summary>
    public List<int> Segments() => SegmentsOf(Path);

    public bool Has(int index) => File.Exists(FileOf(index));

    public Segment Open(int index, bool writable) => Segment.Open(FileOf(index), index, SegmentBytes, writable);

    /// <summary>When a segment was last written, for one whose header does not tell.</summary>
    public DateTimeOffset WrittenAt(int index) => new(File.GetLastWriteTimeUtc(FileOf(index)), TimeSpan.Zero);

    public void Delete(int index) => File.Delete(FileOf(index));

    /// <summary>
    /// A new segment. All its room is taken from the disk before it has its name: a sparse file on a full disk would kill the process at the first touch.
    /// </summary>
    /// <exception cref="IOException">No room.</exception>
    public Segment Create(int index)
    {
        if (_maximumBytes > 0 && (Segments().Count + 1L) * SegmentBytes > _maximumBytes)
            throw new IOException("Journal:MaximumBytes is reached.");
        var draft = System.IO.Path.Combine(Path, Name(index) + ".tmp");
        try
        {
            WriteDraft(draft, index);
            File.Move(draft, FileOf(index));
            FolderFlush.Flush(Path);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
        var segment = Open(index, writable: true);
        segment.Touch(0, JournalKeeper.WarmBytes, writing: true);
        return segment;
    }

    /// <summary>Closed in order: the next start needs no look at what the machine did in between.</summary>
    public void MarkClosed() => WriteState(Closed);

    public void Dispose() => _lock.Dispose();

    private void WriteDraft(string draft, int index)
    {
        // A refusal known beforehand spares a full disk the writing of a part.
        if (new DriveInfo(Path).AvailableFreeSpace < SegmentBytes)
            throw new IOException($"No {SegmentBytes} bytes are free in {Path}.");
        using var handle = File.OpenHandle(draft, FileMode.Create, FileAccess.Write, FileShare.None);
        if (!NativeFiles.Reserve(handle, SegmentBytes))
            WriteZeros(handle);
        RandomAccess.Write(handle, Segment.NewHeader(Id, index, SegmentBytes), 0);
        RandomAccess.FlushToDisk(handle);
    }

    private void WriteZeros(SafeFileHandle handle)
    {
        var zeros = new byte[Math.Min(SegmentBytes, 1024 * 1024)];
        for (long at = 0; at < SegmentBytes; at += zeros.Length)
            RandomAccess.Write(handle, zeros.AsSpan(0, (int)Math.Min(zeros.Length, SegmentBytes - at)), at);
    }

    private FileStream TakeLock()
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(Path, "journal.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not DirectoryNotFoundException and not PathTooLongException)
        {
            throw new JournalInUseException($"The usage journal in {Path} is in use by another process; each node needs a folder of its own (Data__Directory).", e);
        }
    }

    private (Guid Id, int SegmentBytes) ReadOrMakeIdentity(int segmentBytes)
    {
        var file = System.IO.Path.Combine(Path, IdentityFile);
        if (!File.Exists(file))
        {
            if (Segments().Count > 0)
                throw new JournalFormatException($"{file} is missing beside segments: restore it, or move the folder away to begin a new journal.");
            var id = new Guid(RandomNumberGenerator.GetBytes(16));
            var draft = file + ".new";
            using (var handle = File.OpenHandle(draft, FileMode.Create, FileAccess.Write))
            {
                RandomAccess.Write(handle, Encoding.ASCII.GetBytes($"{id:N} {JournalFormat.Version} {segmentBytes}\n"), 0);
                RandomAccess.FlushToDisk(handle);
            }
            File.Move(draft, file);
            FolderFlush.Flush(Path);
        }
        return ReadIdentity(file);
    }

    /// <summary>Null where no journal is.</summary>
    public static (Guid Id, int SegmentBytes)? IdentityOf(string path)
    {
        var file = System.IO.Path.Combine(path, IdentityFile);
        return File.Exists(file) ? ReadIdentity(file) : null;
    }

    /// <summary>Indexes of the segments in a folder, in order.</summary>
    public static List<int> SegmentsOf(string path)
    {
        List<int> indexes = [];
        foreach (var file in Directory.GetFiles(path, "*.seg"))
            if (int.TryParse(System.IO.Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                indexes.Add(index);
        indexes.Sort();
        return indexes;
    }

    public static string FileName(int index) => Name(index) + ".seg";

    private static (Guid Id, int SegmentBytes) ReadIdentity(string file)
    {
        var parts = File.ReadAllText(file).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 3 || !Guid.TryParseExact(parts[0], "N", out var read) || !byte.TryParse(parts[1], out var version)
            || !int.TryParse(parts[2], out var size) || size < JournalOptions.MinimumSegmentBytes)
        {
            throw new JournalFormatException($"{file} is unreadable: restore it, or move the folder away to begin a new journal.");
        }
        JournalFormat.RequireReadable(version, file);
        return (read, size);
    }

    private string[] ReadState()
    {
        var text = new byte[128];
        var read = RandomAccess.Read(_lock.SafeFileHandle, text, 0);
        return Encoding.ASCII.GetString(text, 0, read).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
    }

    private void WriteState(string state)
    {
        RandomAccess.Write(_lock.SafeFileHandle, Encoding.ASCII.GetBytes(state.PadRight(63) + "\n"), 0);
        RandomAccess.FlushToDisk(_lock.SafeFileHandle);
    }

    // Where the system has none, every unclean end is taken for a loss of power: that costs one part-used segment.
    private static string BootId()
    {
        const string File = "/proc/sys/kernel/random/boot_id";
        return System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File).Trim() : $"unknown-{Environment.ProcessId}";
    }

    private static string Name(int index) => index.ToString("D8", CultureInfo.InvariantCulture);

    private string FileOf(int index) => System.IO.Path.Combine(Path, FileName(index));
}

internal sealed class JournalInUseException(string message, Exception inner) : IOException(message, inner);
