using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Foundation.Snapshots;

/// <summary>Goes through a snapshot's blocks with one buffer: a large file is never in memory whole.</summary>
internal sealed class SnapshotWalk(SafeFileHandle file, SnapshotHeader header)
{
    private byte[] _buffer = new byte[512 * 1024];

    public long Length { get; } = RandomAccess.GetLength(file);

    /// <summary>Where the base ends, and where the last whole block does: only the last one may be torn.</summary>
    /// <exception cref="InvalidDataException">It cannot be trusted.</exception>
    public (long BaseEnd, long End) Check()
    {
        if (Length < SnapshotHeader.Bytes || !header.Matches(Fill(0, SnapshotHeader.Bytes)))
            throw new InvalidDataException("The header is not the one of this content and version.");
        long baseEnd = 0;
        long at = SnapshotHeader.Bytes;
        while (at < Length)
        {
            if (!TryBlock(at, out var kind, out var block))
            {
                if (baseEnd == 0 || at + Announced(at) < Length)
                    throw new InvalidDataException($"The block at {at} is damaged.");
                break;
            }
            at += SnapshotBlock.HeaderBytes + block.Length;
            if (kind == SnapshotBlock.EndOfBase)
                baseEnd = at;
        }
        return baseEnd > 0 ? (baseEnd, at) : throw new InvalidDataException("The base is not complete.");
    }

    public void Read(long end, SnapshotBlockReader read)
    {
        for (long at = SnapshotHeader.Bytes; at < end;)
        {
            if (!TryBlock(at, out _, out var block))
                throw new InvalidDataException($"The block at {at} changed while it was read.");
            at += SnapshotBlock.HeaderBytes + block.Length;
            if (block.Length > 0)
                read(block);
        }
    }

    // How far the block says that it goes; one without a length is taken for the end.
    private long Announced(long at)
    {
        if (Length - at < SnapshotBlock.HeaderBytes)
            return Length - at;
        var payload = BinaryPrimitives.ReadInt32LittleEndian(Fill(at, SnapshotBlock.HeaderBytes));
        return payload <= 0 ? Length - at : SnapshotBlock.HeaderBytes + (long)payload;
    }

    private bool TryBlock(long at, out byte kind, out ReadOnlySpan<byte> block)
    {
        kind = 0;
        block = default;
        if (Length - at < SnapshotBlock.HeaderBytes)
            return false;
        var head = Fill(at, SnapshotBlock.HeaderBytes);
        var payload = BinaryPrimitives.ReadInt32LittleEndian(head);
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
        if (payload < 0 || payload > Length - at - SnapshotBlock.HeaderBytes)
            return false;
        var whole = Fill(at + 8, SnapshotBlock.HeaderBytes - 8 + payload);
        if (SnapshotBlock.Checksum(whole) != checksum)
            return false;
        kind = whole[0];
        block = whole[(SnapshotBlock.HeaderBytes - 8)..];
        return true;
    }

    private ReadOnlySpan<byte> Fill(long at, int count)
    {
        if (_buffer.Length < count)
            _buffer = new byte[count];
        var read = 0;
        while (read < count)
        {
            var got = RandomAccess.Read(file, _buffer.AsSpan(read, count - read), at + read);
            if (got == 0)
                throw new InvalidDataException("The file is shorter than it was.");
            read += got;
        }
        return _buffer.AsSpan(0, count);
    }
}
