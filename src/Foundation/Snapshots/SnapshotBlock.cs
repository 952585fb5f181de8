using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Foundation.Snapshots;

/// <summary>Length (4), CRC-32C of all after it (4), kind (1), zeros (7), payload; little-endian.</summary>
internal static class SnapshotBlock
{
    public const int HeaderBytes = 16;
    public const byte Base = 1;
    public const byte EndOfBase = 2;
    public const byte Change = 3;

    /// <summary>Writes a block and answers how long it is. On failure, nothing of it is counted by the caller.</summary>
    public static int Write(SafeFileHandle file, long at, byte kind, ReadOnlyMemory<byte> payload)
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, payload.Length);
        header[8] = kind;
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), ~Add(Add(uint.MaxValue, header.AsSpan(8)), payload.Span));
        // One write: a kill leaves all of it or, at the end of the file, a part that is known as such. From where the bytes lie: a copy of a large block would stay in memory.
        RandomAccess.Write(file, [header, payload], at);
        return HeaderBytes + payload.Length;
    }

    public static uint Checksum(ReadOnlySpan<byte> bytes) => ~Add(uint.MaxValue, bytes);

    // In parts it comes out the same as long as all but the last are whole words.
    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, word);
        foreach (var rest in bytes[(bytes.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, rest);
        return crc;
    }
}

/// <summary>The first 24 bytes: magic, layout of the file, version and name of the content, CRC-32C.</summary>
internal sealed class SnapshotHeader
{
    public const int Bytes = 24;
    private const uint Magic = 0x4E534754; // "TGSN"
    private const ushort Layout = 1;
    private readonly byte[] _bytes = new byte[Bytes];

    public SnapshotHeader(string content, ushort version)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(4), Layout);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(6), version);
        System.Text.Encoding.ASCII.GetBytes(content, _bytes.AsSpan(8, 8));
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(16), SnapshotBlock.Checksum(_bytes.AsSpan(0, 16)));
    }

    public int WriteTo(SafeFileHandle file)
    {
        RandomAccess.Write(file, _bytes, 0);
        return Bytes;
    }

    public bool Matches(ReadOnlySpan<byte> bytes) => bytes.SequenceEqual(_bytes);
}
