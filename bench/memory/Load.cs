using System.Diagnostics;
using System.Text;
using Tollgate.Admission;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Keys;
using Tollgate.Admission.Table;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.memory;

/// <summary>A node in memory with so many subscriptions, each with a key of its own.</summary>
internal sealed class Load
{
    // More than the processor's caches hold, as a node meets them.
    private const int Called = 100_000;
    private readonly NodeState _state = new(1);
    private readonly NodeAdmission _admission;
    private readonly byte[][] _secrets;
    private readonly Guid _product = Guid.CreateVersion7();

    public Load(int subscriptions, int plans)
    {
        _admission = new NodeAdmission(_state, TimeProvider.System);
        _secrets = new byte[Math.Min(Called, subscriptions)][];
        var provider = Guid.CreateVersion7();
        var ids = Enumerable.Range(0, plans).Select(_ => Guid.CreateVersion7()).ToArray();
        for (var number = 0; number < subscriptions; number++)
        {
            // Each with objects of its own, as they come from the database.
            var entitlement = new Entitlement(Guid.CreateVersion7(), Guid.CreateVersion7(), new Product("api", _product, provider), ids[number % plans], 1, Active: true,
                [new("requests", 1_000_000, Window.Second, PastAllowance.Deny, null), new("requests", 1_000_000_000, Window.Month, PastAllowance.Deny, null)],
                TimeProvider.System.GetUtcNow().AddMinutes(-number), PriceInterval.Month, "UTC", null);
            var subscriber = _state.Subscribers.Ensure(entitlement.SubscriptionId);
            subscriber.Put(_state.Prepare(entitlement));
            var secret = KeyFormat.Generate(KeyFormat.Live);
            _state.Keys.Put(Guid.CreateVersion7(), KeyFormat.Digest(secret), subscriber.Slot, KeyState.Active, long.MaxValue);
            if ((long)number * _secrets.Length / subscriptions is var place && _secrets[place] is null)
                _secrets[place] = Encoding.ASCII.GetBytes(secret);
        }
        _state.Loaded = true;
        _state.Allow();
    }

    /// <summary>Of the harness itself: 44 characters each, as an array of bytes.</summary>
    public long SecretBytes => _secrets.Length * (8 + 72L);

    public void Decide(string name)
    {
        const int Calls = 1_000_000;
        var amounts = default(MeterAmounts);
        amounts[0] = new MeterAmount(Meter.Requests.Code, 1);
        for (var call = 0; call < Calls / 2; call++)
            Admit(call, amounts);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var began = Stopwatch.GetTimestamp();
        for (var call = 0; call < Calls; call++)
            Admit(call, amounts);
        var each = Stopwatch.GetElapsedTime(began).TotalNanoseconds / Calls;
        Console.WriteLine($"{name,-26} {each,6:N0} ns a decision, {GC.GetAllocatedBytesForCurrentThread() - allocated} bytes allocated");
    }

    private void Admit(int call, in MeterAmounts amounts)
    {
        var decision = _admission.Admit(_secrets[(int)((long)call * 7919 % _secrets.Length)], _product, amounts);
        if (!decision.Admitted)
            throw new InvalidOperationException($"Refused: {decision.Verdict}.");
        _admission.Release(decision);
    }
}
