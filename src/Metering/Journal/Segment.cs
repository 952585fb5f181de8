using System.IO.MemoryMappedFiles;
using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Metering.Journal;

/// <summary>One mapped file of the journal. It has all its room on the disk before anybody maps it, so that touching it never meets a full one.</summary>
internal sealed unsafe class Segment : IDisposable
{
    private const uint Magic = 0x4A474754; // "TGGJ"
    private const int PageBytes = 4096;
    private const int PopulateBytes = 1024 * 1024;
    private readonly SafeFileHandle _handle;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private int _flushedTo;

    private Segment(string path, int index, int size, SafeFileHandle handle, bool writable)
    {
        (Path, Index, Size, _handle) = (path, index, size, handle);
        var access = writable ? MemoryMappedFileAccess.ReadWrite : MemoryMappedFileAccess.Read;
        _map = MemoryMappedFile.CreateFromFile(handle, null, size, access, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, size, access);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Start = start;
    }

    public string Path { get; }

    public int Index { get; }

    public int Size { get; }

    public byte* Start { get; }

    public long Offset => (long)Index * Size;

    /// <summary>Closed, on disk, and not needed to recover what is after it.</summary>
    public bool IsSealed => HeaderIsValid && Start[9] == 1;

    public DateTimeOffset ClosedAt => DateTimeOffset.FromUnixTimeMilliseconds(*(long*)(Start + 40));

    /// <summary>The oldest begin that was open when the segment was sealed; long.MaxValue for none.</summary>
    public long OldestBegin => *(long*)(Start + 48);

    private bool HeaderIsValid => *(uint*)Start == Magic && *(uint*)(Start + 4) == HeaderChecksum();

    public static Segment Open(string path, int index, int size, bool writable)
    {
        var handle = File.OpenHandle(path, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            if (RandomAccess.GetLength(handle) != size)
                throw new JournalFormatException($"{path} has {RandomAccess.GetLength(handle)} bytes; the journal's segments have {size}.");
            return new Segment(path, index, size, handle, writable);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of a new segment's header; the rest of the file is zeros.</summary>
    public static byte[] NewHeader(Guid journal, int index, int size)
    {
        var bytes = new byte[JournalFormat.SegmentHeaderBytes];
        fixed (byte* header = bytes)
        {
            *(uint*)header = Magic;
            header[8] = JournalFormat.Version;
            *(int*)(header + 12) = index;
            *(Guid*)(header + 16) = journal;
            *(int*)(header + 32) = size;
            *(long*)(header + 48) = long.MaxValue;
            *(uint*)(header + 4) = Checksum(header);
        }
        return bytes;
    }

    /// <summary>Refuses a newer format and another journal's segment; false for a damaged header, whose records may be whole all the same.</summary>
    public bool CheckHeader(Guid journal)
    {
        if (!HeaderIsValid)
            return false;
        JournalFormat.RequireReadable(Start[8], Path);
        if (*(Guid*)(Start + 16) != journal || *(int*)(Start + 12) != Index || *(int*)(Start + 32) != Size)
            throw new JournalFormatException($"{Path} belongs to another journal or another place in it.");
        return true;
    }

    /// <summary>Marks it closed. All of it is on disk before the mark is.</summary>
    public void Seal(Guid journal, DateTimeOffset closedAt, long oldestBegin)
    {
        Flush();
        // A damaged header is made anew: its records have been read without it.
        if (!HeaderIsValid)
            NewHeader(journal, Index, Size).CopyTo(new Span<byte>(Start, JournalFormat.SegmentHeaderBytes));
        *(long*)(Start + 40) = closedAt.ToUnixTimeMilliseconds();
        *(long*)(Start + 48) = oldestBegin;
        Start[9] = 1;
        *(uint*)(Start + 4) = HeaderChecksum();
        Flush();
    }

    public void Flush() => _view.Flush();

    /// <summary>
    /// Brings what was written since the last time to disk, and no page after it: a page that was written out faults at its next write, and those ahead
    /// of the writer were touched so that they do not.
    /// </summary>
    public void FlushTo(int position)
    {
        if (OperatingSystem.IsWindows())
        {
            Flush();
            return;
        }
        var from = _flushedTo / Environment.SystemPageSize * Environment.SystemPageSize;
        NativeFiles.FlushPages(Start + from, position - from);
        _flushedTo = position;
    }

    /// <summary>Makes pages present, and writable without a fault when asked to, without changing a byte: the append path shall meet no cold page.</summary>
    public void Touch(long from, long to, bool writing)
    {
        to = Math.Min(to, Size);
        from = from / Environment.SystemPageSize * Environment.SystemPageSize;
        // In parts: who wants to change the process's mappings waits for one of them.
        while (from < to && NativeFiles.Populate(Start + from, Math.Min(PopulateBytes, to - from), writing))
            from += PopulateBytes;
        for (var at = from; at < to; at += PageBytes)
        {
            ref var word = ref *(int*)(Start + at);
            if (writing)
                Interlocked.Or(ref word, 0);
            else
                _ = Volatile.Read(ref word);
        }
    }

    /// <summary>
    /// What lies before is written or read, and need not be this process's memory any more. Nothing is lost by it: the pages are the kernel's, and a look at one brings it
    /// back.
    /// </summary>
    public void ReleaseBefore(int position) => NativeFiles.ReleasePages(Start, position / Environment.SystemPageSize * (long)Environment.SystemPageSize);

    /// <summary>Zeroes what a torn write left.</summary>
    public void ZeroFrom(int position)
    {
        if (!JournalFormat.IsZero(Start, position, Size))
            new Span<byte>(Start + position, Size - position).Clear();
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
        _handle.Dispose();
    }

    private uint HeaderChecksum() => Checksum(Start);

    private static uint Checksum(byte* header)
    {
        var crc = uint.MaxValue;
        for (var at = 8; at < JournalFormat.SegmentHeaderBytes; at += 8)
            crc = BitOperations.Crc32C(crc, *(ulong*)(header + at));
        return ~crc;
    }
}
