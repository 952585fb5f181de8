using System.Collections.Concurrent;
using Tollgate.Admission.Limits;
using Tollgate.Admission.Table;
using Tollgate.Plans;

namespace Tollgate.Admission.Deciding;

/// <summary>What this node knows: keys, terms and counters. Written by the change feed alone, read by every call.</summary>
internal sealed class NodeState
{
    private readonly CellStore _cells = new();
    private readonly ConcurrentDictionary<string, TimeZoneInfo> _zones = new(StringComparer.Ordinal);
    private volatile bool _loaded;
    private volatile bool _allowed = true;

    public KeyTable Keys { get; } = new();

    public Subscribers Subscribers { get; } = new();

    public bool Loaded
    {
        get => _loaded;
        set => _loaded = value;
    }

    /// <summary>False while another node admits and limits are not shared.</summary>
    public bool Allowed
    {
        get => _allowed;
        set => _allowed = value;
    }

    public bool Ready => _loaded && _allowed;

    /// <summary>Terms for an entitlement, on the subscription's own counters; not in force until they are set. For the one writer.</summary>
    public Terms Prepare(Entitlement entitlement, int nodes)
    {
        var subscriber = Subscribers.Ensure(entitlement.SubscriptionId);
        return new Terms(entitlement, ZoneOf(entitlement.TimeZone), nodes, meter => subscriber.CellOf(meter, _cells));
    }

    public TimeZoneInfo ZoneOf(string id) => _zones.GetOrAdd(id, static name => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc);
}
