using System.Buffers.Binary;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Ids of calls: UUIDv7 (RFC 9562) whose 74 random bits come from the runtime's fast generator. They name a call and guard nothing, so they need not be
/// unguessable; the system's generator would be a call into the kernel for each.
/// </summary>
internal static class RequestIds
{
    public static Guid New(DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, (now.ToUnixTimeMilliseconds() << 16) | 0x7000 | (uint)Random.Shared.Next(0x1000));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], 0x8000_0000_0000_0000ul | ((ulong)Random.Shared.NextInt64() >> 1));
        return new Guid(bytes, bigEndian: true);
    }
}
