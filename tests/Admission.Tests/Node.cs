using System.Text;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Keys;
using Tollgate.Admission.Leases;
using Tollgate.Admission.Table;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests;

/// <summary>A node in memory with one subscription and its key; no database.</summary>
internal sealed class Node
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 5, TimeSpan.Zero);
    private static int _numbers;

    public Node(params Allowance[] allowances)
        : this(1, allowances)
    {
    }

    public Node(int nodes, Allowance[] allowances)
        : this(new NodeState(nodes), allowances)
    {
    }

    /// <summary>A node that shares its limits through Redis, or does not.</summary>
    public Node(SharedLimits? shared, params Allowance[] allowances)
        : this(new NodeState(1, shared), allowances)
    {
        if (shared is not null)
            shared.Began = true;
    }

    private Node(NodeState state, Allowance[] allowances)
    {
        State = state;
        Clock = new TestClock(Noon);
        Admission = new NodeAdmission(State, Clock);
        Entitlement = new Entitlement(Id(), Id(), new Product("api", Id(), Id()), Id(), 1, Active: true, allowances, Noon.AddDays(-40), PriceInterval.Month, "UTC", null);
        Apply(Entitlement);
        Secret = AddKey();
        State.Loaded = true;
        State.Allow();
    }

    public TestClock Clock { get; }

    public NodeState State { get; }

    public NodeAdmission Admission { get; }

    public Entitlement Entitlement { get; private set; }

    public byte[] Secret { get; private set; }

    public static Allowance Deny(long amount, Window window, string meter = "requests") => new(meter, amount, window, PastAllowance.Deny, null);

    public static MeterAmounts Amounts(params (Meter Meter, long Amount)[] pairs)
    {
        var amounts = default(MeterAmounts);
        for (var i = 0; i < pairs.Length; i++)
            amounts[i] = new MeterAmount(pairs[i].Meter.Code, pairs[i].Amount);
        return amounts;
    }

    public static Guid Id() => new(Interlocked.Increment(ref _numbers), 0, 7, 0, 0, 0, 0, 0, 0, 0, 1);

    public void Apply(Entitlement entitlement)
    {
        Entitlement = entitlement;
        State.Subscribers.Ensure(entitlement.SubscriptionId).Put(State.Prepare(entitlement));
    }

    public byte[] AddKey(KeyState state = KeyState.Active, long expiresAt = long.MaxValue)
    {
        var secret = KeyFormat.Generate(KeyFormat.Live);
        State.Keys.Put(Id(), KeyFormat.Digest(secret), State.Subscribers.Ensure(Entitlement.SubscriptionId).Slot, state, expiresAt);
        return Encoding.ASCII.GetBytes(secret);
    }

    /// <summary>Limits over all consumers of the product.</summary>
    public void LimitProduct(params Allowance[] limits)
    {
        var product = Entitlement.Product.Id;
        State.Products.Ensure(product).Put(State.PrepareProduct(Entitlement with { SubscriptionId = product, Allowances = limits, Concurrency = null, SpendCap = null }));
    }

    /// <summary>Another node's key opens this one too: it is the same subscription.</summary>
    public void UseKeyOf(Node other)
    {
        Secret = other.Secret;
        State.Keys.Put(Id(), KeyFormat.Digest(Encoding.ASCII.GetString(Secret)), State.Subscribers.Ensure(Entitlement.SubscriptionId).Slot, KeyState.Active, long.MaxValue);
    }

    public AdmissionDecision Call(params (Meter Meter, long Amount)[] pairs) =>
        Admission.Admit(Secret, Entitlement.Product.Id, Amounts(pairs.Length == 0 ? [(Meter.Requests, 1)] : pairs));

    /// <summary>Calls from many threads that start together; answers how many were admitted.</summary>
    public int Together(int threads, int callsEach, Action<int>? between = null)
    {
        var admitted = 0;
        using var start = new Barrier(threads);
        var all = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            for (var call = 0; call < callsEach; call++)
            {
                if (Call().Admitted)
                    Interlocked.Increment(ref admitted);
                between?.Invoke(call);
            }
        })).ToList();
        all.ForEach(thread => thread.Start());
        all.ForEach(thread => thread.Join());
        return admitted;
    }
}

/// <summary>A clock that stands until it is moved; safe to read from many threads.</summary>
internal sealed class TestClock(DateTimeOffset now) : TimeProvider
{
    private long _ticks = now.UtcTicks;

    public DateTimeOffset Now
    {
        get => new(Volatile.Read(ref _ticks), TimeSpan.Zero);
        set => Volatile.Write(ref _ticks, value.UtcTicks);
    }

    public override DateTimeOffset GetUtcNow() => Now;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
