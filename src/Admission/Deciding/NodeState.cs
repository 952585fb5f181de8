using System.Collections.Concurrent;
using Tollgate.Admission.Leases;
using Tollgate.Admission.Limits;
using Tollgate.Admission.Table;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Deciding;

/// <summary>What this node knows: keys, terms and counters. Written by the change feed alone, read by every call.</summary>
internal sealed class NodeState(int nodes, SharedLimits? shared = null)
{
    private readonly ConcurrentDictionary<string, TimeZoneInfo> _zones = new(StringComparer.Ordinal);
    private volatile bool _loaded;
    private int _liveNodes = nodes;
    private volatile bool _tooOld;
    private volatile string? _forbidden = "The node is not registered yet.";

    public KeyTable Keys { get; } = new();

    /// <summary>Among how many nodes each limit is divided.</summary>
    public int Nodes { get; } = nodes;

    /// <summary>Null where limits live in this process alone.</summary>
    public SharedLimits? Shared { get; } = shared;

    /// <summary>Who this node is, once it is registered.</summary>
    public Guid? NodeId { get; set; }

    public Subscribers Subscribers { get; } = new();

    /// <summary>Products, each with the limits over all its consumers.</summary>
    public Subscribers Products { get; } = new();

    /// <summary>Subscriptions whose consumer has set the most that a period may cost.</summary>
    public ConcurrentDictionary<Guid, Subscriber> Capped { get; } = new();

    /// <summary>Subscriptions with an allowance of a meter that others report.</summary>
    public ConcurrentDictionary<Guid, ReportedSubscriber> Reported { get; } = new();

    /// <summary>Nodes that admit calls; what is in flight at once is divided among them.</summary>
    public int LiveNodes { get => Volatile.Read(ref _liveNodes); set => Volatile.Write(ref _liveNodes, value); }

    public bool Loaded
    {
        get => _loaded;
        set => _loaded = value;
    }

    /// <summary>The database has not been reached for longer than the operator allows: what a key may do can have changed too much.</summary>
    public bool TooOld
    {
        get => _tooOld;
        set => _tooOld = value;
    }

    /// <summary>Loaded, and registered as a node that may admit.</summary>
    public bool Ready => _loaded && !_tooOld && _forbidden is null && Shared?.Began != false;

    public string WhyNotReady => _forbidden ?? (!_loaded ? "Keys, entitlements and counters are being loaded."
        : _tooOld ? "Keys and entitlements are older than Snapshot__GreatestStalenessSeconds allows."
        : "Redis is asked for the shared limits.");

    public void Allow() => _forbidden = null;

    public void Forbid(string why) => _forbidden = why;

    /// <summary>Terms for an entitlement, on the subscription's own counters; not in force until they are set. For the one writer.</summary>
    public Terms Prepare(Entitlement entitlement)
    {
        var subscriber = Subscribers.Ensure(entitlement.SubscriptionId);
        if (entitlement.SpendCap is not null)
            Capped[entitlement.SubscriptionId] = subscriber;
        else if (Capped.TryRemove(entitlement.SubscriptionId, out _))
            subscriber.SetSpentUp(null);
        if (!entitlement.Allowances.Any(allowance => Meter.IsDeclared(allowance.MeterCode)))
            Reported.TryRemove(entitlement.SubscriptionId, out _);
        else if (!Reported.ContainsKey(entitlement.SubscriptionId))
            Reported[entitlement.SubscriptionId] = new ReportedSubscriber(subscriber);
        return TermsOf(entitlement, subscriber, Products.Ensure(entitlement.Product.Id));
    }

    /// <summary>Limits over all consumers of a product; not in force until they are set. For the one writer.</summary>
    public Terms PrepareProduct(Entitlement limits) => TermsOf(limits, Products.Ensure(limits.SubscriptionId), product: null);

    private Terms TermsOf(Entitlement entitlement, Subscriber subscriber, Subscriber? product)
    {
        var plan = subscriber.All.Share(entitlement, () => new PlanTerms(entitlement, ZoneOf(entitlement.TimeZone), Nodes, product));
        foreach (ref readonly var term in plan.Allowances.AsSpan())
        {
            subscriber.All.EnsureWord(subscriber.EnsureCell(term.Meter), term.Window);
            if (Shared is not null && !term.Charged && !Meter.IsDeclared(term.Meter))
                subscriber.All.EnsureLeases(subscriber.Slot, term.Meter, Shared).Ensure(term.Window);
        }
        if (Shared is not null && plan.Concurrency > 0)
            subscriber.All.EnsureSlots(subscriber.Slot, Shared);
        return new Terms(subscriber, plan, entitlement);
    }

    public TimeZoneInfo ZoneOf(string id) => _zones.GetOrAdd(id, static name => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc);
}
