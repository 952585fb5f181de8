using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Tollgate.Metering.Shipping;

/// <summary>
/// Writes one row of PostgreSQL's binary COPY format into a buffer: for each column the length of its value (or -1 for null) and the value. By hand, because an
/// awaited call for each of 29 columns cost more than the rest of the shipper.
/// </summary>
internal ref struct CopyRow(Span<byte> buffer)
{
    private const byte AddressFamily4 = 2;
    private const byte AddressFamily6 = 3;
    private const int SmallintType = 21;
    private const int BigintType = 20;
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly Span<byte> _buffer = buffer;

    public int Length { get; private set; }

    public void Columns(int count) => PutInt16((short)count);

    public void Null() => PutInt32(-1);

    public void Timestamp(DateTime value) => Bigint((value.Ticks - Epoch.Ticks) / TimeSpan.TicksPerMicrosecond);

    public void Bigint(long value)
    {
        PutInt32(8);
        PutInt64(value);
    }

    public void Integer(int value)
    {
        PutInt32(4);
        PutInt32(value);
    }

    public void Smallint(short value)
    {
        PutInt32(2);
        PutInt16(value);
    }

    public void Boolean(bool value)
    {
        PutInt32(1);
        _buffer[Length++] = value ? (byte)1 : (byte)0;
    }

    public void Uuid(Guid value)
    {
        PutInt32(16);
        value.TryWriteBytes(_buffer[Length..], bigEndian: true, out _);
        Length += 16;
    }

    public void UuidOrNull(Guid value)
    {
        if (value == Guid.Empty)
            Null();
        else
            Uuid(value);
    }

    // PostgreSQL's text holds neither NUL nor invalid UTF-8 (a path is cut at a byte, and clients send anything): both become U+FFFD.
    public void Text(scoped ReadOnlySpan<byte> value)
    {
        if (!Utf8.IsValid(value) || value.Contains((byte)0))
            value = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(value).Replace('\0', '\uFFFD'));
        PutInt32(value.Length);
        value.CopyTo(_buffer[Length..]);
        Length += value.Length;
    }

    /// <summary>An IPv6 address, an IPv4 one mapped into it, or null for zero.</summary>
    public void AddressOrNull(UInt128 value)
    {
        if (value == 0)
        {
            Null();
            return;
        }
        var isVersion4 = value >> 32 == 0xFFFF;
        PutInt32(isVersion4 ? 8 : 20);
        ReadOnlySpan<byte> head = isVersion4 ? [AddressFamily4, 32, 0, 4] : [AddressFamily6, 128, 0, 16];
        head.CopyTo(_buffer[Length..]);
        Length += head.Length;
        if (isVersion4)
            PutInt32((int)(uint)value);
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(_buffer[Length..], value);
            Length += 16;
        }
    }

    public void SmallintsOrNull(short[]? values)
    {
        if (values is null)
        {
            Null();
            return;
        }
        ArrayHead(SmallintType, values.Length, 2);
        foreach (var value in values)
            Smallint(value);
    }

    public void BigintsOrNull(long[]? values)
    {
        if (values is null)
        {
            Null();
            return;
        }
        ArrayHead(BigintType, values.Length, 8);
        foreach (var value in values)
            Bigint(value);
    }

    // Dimensions, no nulls, the elements' type, then length and lower bound of the one dimension. An array without elements has no dimension.
    private void ArrayHead(int type, int count, int elementBytes)
    {
        PutInt32((count == 0 ? 12 : 20) + count * (4 + elementBytes));
        PutInt32(count == 0 ? 0 : 1);
        PutInt32(0);
        PutInt32(type);
        if (count == 0)
            return;
        PutInt32(count);
        PutInt32(1);
    }

    private void PutInt16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_buffer[Length..], value);
        Length += 2;
    }

    private void PutInt32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer[Length..], value);
        Length += 4;
    }

    private void PutInt64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_buffer[Length..], value);
        Length += 8;
    }
}
