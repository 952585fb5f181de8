using System.Buffers.Binary;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Table;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>The records of the snapshot of keys and terms. The last one of a key or a subscription counts.</summary>
internal sealed class SnapshotRecords
{
    public const string Content = "admit";

    /// <summary>
    /// Of another version nothing is read: the start asks PostgreSQL. Also raised when records of a new kind restrict what those before allowed: a program that does not know
    /// them goes on with the file in an update of one node after the other, and what it writes there is not restricted.
    /// </summary>
    public const ushort Version = 3;

    private const byte EntitlementKind = 1;
    private const byte GoneKind = 2;
    private const byte KeyKind = 3;
    private const byte PlaceKind = 4;
    private const byte RestrictedKeyKind = 5;
    private readonly EntitlementCodec _entitlements = new();

    /// <summary>The newest place that was read.</summary>
    public FeedPlace? Place { get; private set; }

    public void Write(SnapshotBuffer buffer, Entitlement entitlement)
    {
        buffer.Byte(EntitlementKind);
        _entitlements.Write(buffer, entitlement);
    }

    public static void WriteGone(SnapshotBuffer buffer, Guid subscription)
    {
        buffer.Byte(GoneKind);
        buffer.Id(subscription);
    }

    public static void WriteKey(SnapshotBuffer buffer, NodeState state, int number)
    {
        ref var entry = ref state.Keys.At(number);
        var word = Volatile.Read(ref entry.State);
        var restriction = (word & KeyEntry.Restricted) != 0 ? state.Keys.RestrictionOf(number) : null;
        buffer.Byte(restriction is null ? KeyKind : RestrictedKeyKind);
        buffer.Id(entry.KeyId);
        buffer.Id(state.Subscribers.At(entry.Subscriber).Id);
        buffer.Raw(entry.Digest);
        buffer.Byte((byte)KeyEntry.StateOf(word));
        buffer.Int64(state.Keys.ExpiresAt(number, word));
        if (restriction is not null)
            Write(buffer, restriction);
    }

    private static void Write(SnapshotBuffer buffer, KeyRestriction restriction)
    {
        buffer.Int32(restriction.Operations.Length);
        foreach (var operation in restriction.Operations)
            buffer.Id(operation);
        buffer.Int32(restriction.Addresses.Length);
        Span<byte> number = stackalloc byte[16];
        foreach (var range in restriction.Addresses)
        {
            BinaryPrimitives.WriteUInt128BigEndian(number, range.First);
            buffer.Raw(number);
            BinaryPrimitives.WriteUInt128BigEndian(number, range.Last);
            buffer.Raw(number);
        }
    }

    public static void Write(SnapshotBuffer buffer, FeedPlace place)
    {
        buffer.Byte(PlaceKind);
        buffer.Id(place.Feed);
        buffer.Int64(place.Version);
        buffer.Int64(place.FreshAt.UtcTicks);
    }

    public void Read(ReadOnlySpan<byte> block, NodeState state)
    {
        var reader = new SnapshotReader(block);
        while (!reader.AtEnd)
        {
            switch (reader.Byte())
            {
                case EntitlementKind:
                    var entitlement = _entitlements.Read(ref reader);
                    state.Subscribers.Ensure(entitlement.SubscriptionId).Put(state.Prepare(entitlement));
                    break;
                case GoneKind:
                    state.Subscribers.Ensure(reader.Id()).Put(null);
                    break;
                case KeyKind:
                    ReadKey(ref reader, state, restricted: false);
                    break;
                case RestrictedKeyKind:
                    ReadKey(ref reader, state, restricted: true);
                    break;
                case PlaceKind:
                    Place = new FeedPlace(reader.Id(), reader.Int64(), new DateTimeOffset(reader.Int64(), TimeSpan.Zero));
                    break;
                default:
                    throw new InvalidDataException("A record of an unknown kind.");
            }
        }
    }

    private static void ReadKey(ref SnapshotReader reader, NodeState state, bool restricted)
    {
        var (id, subscription) = (reader.Id(), reader.Id());
        var digest = reader.Raw(32);
        var (keyState, expiresAt) = ((KeyState)reader.Byte(), reader.Int64());
        state.Keys.Put(id, digest, state.Subscribers.Ensure(subscription).Slot, keyState, expiresAt, restricted ? ReadRestriction(ref reader) : null);
    }

    private static KeyRestriction ReadRestriction(ref SnapshotReader reader)
    {
        var operations = new Guid[Count(ref reader, bytesEach: 16)];
        for (var i = 0; i < operations.Length; i++)
            operations[i] = reader.Id();
        var addresses = new AddressRange[Count(ref reader, bytesEach: 32)];
        for (var i = 0; i < addresses.Length; i++)
            addresses[i] = new AddressRange(BinaryPrimitives.ReadUInt128BigEndian(reader.Raw(16)), BinaryPrimitives.ReadUInt128BigEndian(reader.Raw(16)));
        return new KeyRestriction(operations, addresses);
    }

    // What a block says that it holds, it must have room for.
    private static int Count(ref SnapshotReader reader, int bytesEach) => reader.Int32() is var count && count >= 0 && count <= reader.Left / bytesEach
        ? count
        : throw new InvalidDataException("A key's restriction is longer than its block.");
}
