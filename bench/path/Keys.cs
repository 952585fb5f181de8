using Tollgate.Admission;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Keys;
using Tollgate.Admission.Table;
using Tollgate.Plans;

namespace Tollgate.path;

/// <summary>A node in memory with a thousand keys, each of a subscription of its own, with two allowances that never refuse.</summary>
internal sealed class Keys
{
    private readonly string[] _secrets = new string[1000];

    public Keys()
    {
        var state = new NodeState(1);
        Admission = new NodeAdmission(state, TimeProvider.System);
        var plan = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
        for (var number = 0; number < _secrets.Length; number++)
        {
            var entitlement = new Entitlement(Id(), Id(), new Product("api", Product, Product), plan, 1, Active: true,
                [new("requests", 1_000_000, Window.Second, PastAllowance.Deny, null), new("requests", 1_000_000_000, Window.Month, PastAllowance.Deny, null)],
                TimeProvider.System.GetUtcNow().AddMinutes(-number), PriceInterval.Month, "UTC", null);
            var subscriber = state.Subscribers.Ensure(entitlement.SubscriptionId);
            subscriber.Put(state.Prepare(entitlement));
            _secrets[number] = KeyFormat.Generate(KeyFormat.Live);
            state.Keys.Put(Id(), KeyFormat.Digest(_secrets[number]), subscriber.Slot, KeyState.Active, long.MaxValue);
        }
        state.Loaded = true;
        state.Allow();
    }

    public IAdmission Admission { get; }

    public Guid Product { get; } = Id();

    /// <summary>Each in turn.</summary>
    public string Next(ref int number)
    {
        number = number + 1 == _secrets.Length ? 0 : number + 1;
        return _secrets[number];
    }

    private static Guid Id() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
}
