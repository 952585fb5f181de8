using System.Text;

namespace Tollgate.Gateway.Wire;

/// <summary>A message's head as bytes, in a buffer that is used again.</summary>
internal sealed class HeadBuffer
{
    private const int SmallBuffer = 4 * 1024;

    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(SmallBuffer, pinned: true);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public void Shrink()
    {
        if (_bytes.Length > SmallBuffer)
            _bytes = GC.AllocateUninitializedArray<byte>(SmallBuffer, pinned: true);
    }

    /// <summary>Room for so many bytes; <see cref="Advance"/> says how many were used.</summary>
    public Span<byte> Room(int bytes)
    {
        if (_bytes.Length - Length < bytes)
        {
            var larger = GC.AllocateUninitializedArray<byte>(Math.Max(_bytes.Length * 2, Length + bytes), pinned: true);
            _bytes.AsSpan(0, Length).CopyTo(larger);
            _bytes = larger;
        }
        return _bytes.AsSpan(Length);
    }

    public void Advance(int bytes) => Length += bytes;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>One byte a character: header values pass byte for byte.</summary>
    public void Add(ReadOnlySpan<char> latin1) => Length += Encoding.Latin1.GetBytes(latin1, Room(latin1.Length));

    public void Field(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        var room = Room(name.Length + value.Length + 4);
        var length = Encoding.Latin1.GetBytes(name, room);
        room[length++] = (byte)':';
        room[length++] = (byte)' ';
        length += Encoding.Latin1.GetBytes(value, room[length..]);
        room[length++] = (byte)'\r';
        room[length++] = (byte)'\n';
        Length += length;
    }

    public void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var room = Room(name.Length + value.Length + 4);
        name.CopyTo(room);
        var length = name.Length;
        room[length++] = (byte)':';
        room[length++] = (byte)' ';
        value.CopyTo(room[length..]);
        length += value.Length;
        room[length++] = (byte)'\r';
        room[length++] = (byte)'\n';
        Length += length;
    }

    public void EndLine() => Add("\r\n"u8);

    public void Number(long value)
    {
        System.Buffers.Text.Utf8Formatter.TryFormat(value, Room(20), out var length);
        Length += length;
    }
}
