using Tollgate.Admission.Deciding;
using Tollgate.Admission.Table;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>The records of the snapshot of keys and terms. The last one of a key or a subscription counts.</summary>
internal sealed class SnapshotRecords
{
    public const string Content = "admit";
    public const ushort Version = 2;

    private const byte EntitlementKind = 1;
    private const byte GoneKind = 2;
    private const byte KeyKind = 3;
    private const byte PlaceKind = 4;
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
        buffer.Byte(KeyKind);
        buffer.Id(entry.KeyId);
        buffer.Id(state.Subscribers.At(entry.Subscriber).Id);
        buffer.Raw(entry.Digest);
        buffer.Byte((byte)Volatile.Read(ref entry.State));
        buffer.Int64(Volatile.Read(ref entry.ExpiresAt));
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
                    ReadKey(ref reader, state);
                    break;
                case PlaceKind:
                    Place = new FeedPlace(reader.Id(), reader.Int64(), new DateTimeOffset(reader.Int64(), TimeSpan.Zero));
                    break;
                default:
                    throw new InvalidDataException("A record of an unknown kind.");
            }
        }
    }

    private static void ReadKey(ref SnapshotReader reader, NodeState state)
    {
        var (id, subscription) = (reader.Id(), reader.Id());
        var digest = reader.Raw(32);
        state.Keys.Put(id, digest, state.Subscribers.Ensure(subscription).Slot, (KeyState)reader.Byte(), reader.Int64());
    }
}
