using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Tollgate.Foundation;

/// <summary>Bytes of a snapshot's records, little-endian; texts and byte strings carry their length. Grows, and is used again after <see cref="Clear"/>.</summary>
public sealed class SnapshotBuffer
{
    private readonly ArrayBufferWriter<byte> _bytes = new(1024);

    public int Length => _bytes.WrittenCount;

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    internal ReadOnlyMemory<byte> Memory => _bytes.WrittenMemory;

    public void Clear() => _bytes.ResetWrittenCount();

    public void Byte(byte value) => Take(1)[0] = value;

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    public void Id(Guid value) => value.TryWriteBytes(Take(16));

    /// <summary>Without its length.</summary>
    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Int32(bytes.Length);
        Raw(bytes);
    }

    public void Text(string? text)
    {
        if (text is null)
        {
            Int32(-1);
            return;
        }
        var length = Encoding.UTF8.GetByteCount(text);
        Int32(length);
        Encoding.UTF8.GetBytes(text, Take(length));
    }

    private Span<byte> Take(int count)
    {
        var span = _bytes.GetSpan(count)[..count];
        _bytes.Advance(count);
        return span;
    }
}

/// <summary>Reads what <see cref="SnapshotBuffer"/> wrote, in the same order.</summary>
public ref struct SnapshotReader(ReadOnlySpan<byte> block)
{
    private ReadOnlySpan<byte> _rest = block;

    public readonly bool AtEnd => _rest.IsEmpty;

    public readonly int Left => _rest.Length;

    public byte Byte() => Raw(1)[0];

    public bool Flag() => Byte() != 0;

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Raw(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Raw(8));

    public Guid Id() => new(Raw(16));

    public ReadOnlySpan<byte> Bytes() => Raw(Int32());

    public string? Text()
    {
        var length = Int32();
        return length < 0 ? null : Encoding.UTF8.GetString(Raw(length));
    }

    public ReadOnlySpan<byte> Raw(int count)
    {
        if ((uint)count > (uint)_rest.Length)
            throw new InvalidDataException("A record of the snapshot is shorter than it says.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
