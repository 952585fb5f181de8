using Tollgate.Admission.Keys;
using Tollgate.Admission.Leases;
using Tollgate.Admission.Limits;
using Tollgate.Admission.Table;
using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Admission.Deciding;

/// <summary>The decision, from what this node holds in memory. Never throws on anything that a client can send.</summary>
internal sealed class NodeAdmission(NodeState state, TimeProvider clock) : IAdmission
{
    public bool Ready => state.Ready;

    public AdmissionDecision Admit(ReadOnlySpan<byte> key, Guid productId, in MeterAmounts meters, CallOrigin origin = default)
    {
        var decision = default(AdmissionDecision);
        decision.KeyPlace = -1;
        decision.Tightest = -1;
        decision.Origin = origin;
        decision.Verdict = Decide(key, productId, meters, ref decision);
        return decision;
    }

    public ValueTask<bool> LeaseAsync(in AdmissionDecision decision) => decision.LeaseOfSlots
        ? state.Subscribers.SlotsOf(decision.Slot) is { } slots && state.Shared?.Slots is { } rounds ? slots.WaitAsync(rounds) : ValueTask.FromResult(false)
        : decision.KeyPlace >= 0 && LeasesOf(decision) is { } leases ? leases.WaitAsync(decision.LeaseNeed) : ValueTask.FromResult(false);

    public void GiveBack(in AdmissionDecision decision)
    {
        if (!decision.Admitted || decision.KeyPlace < 0)
            return;
        var subscriber = state.Subscribers.At(decision.Slot);
        Limiter.GiveBack(subscriber, decision);
        if (subscriber.TryTerms(out var terms) && terms.Plan.Product is { } product)
            ProductLimiter.GiveBack(product, decision);
    }

    public void Release(in AdmissionDecision decision)
    {
        if (decision.InFlight)
            state.Subscribers.At(decision.Slot).Leave();
    }

    public void Settle(in AdmissionDecision decision, in MeterAmounts amounts)
    {
        if (decision.Admitted && decision.KeyPlace >= 0)
            Limiter.Settle(state.Subscribers.At(decision.Slot), amounts, Now);
    }

    public string? MeterName(in AdmissionDecision decision, byte meter)
    {
        if (!Meter.IsDeclared(meter))
            return Meter.Find(meter)?.Name;
        foreach (var term in (decision.KeyPlace < 0 ? null : state.Subscribers.At(decision.Slot).Terms)?.Allowances ?? [])
            if (term.Meter == meter)
                return term.Name;
        return null;
    }

    public bool StillValid(in AdmissionDecision decision)
    {
        if (decision.KeyPlace < 0)
            return false;
        ref var entry = ref state.Keys.At(decision.KeyPlace);
        var (now, word) = (Now, Volatile.Read(ref entry.State));
        return KeyEntry.StateOf(word) == KeyState.Active && now < state.Keys.ExpiresAt(decision.KeyPlace, word)
            && ((word & KeyEntry.Restricted) == 0 || state.Keys.RestrictionOf(decision.KeyPlace) is not { } restriction
                || (restriction.AllowsAddress(decision.Origin.Client) && restriction.AllowsOperation(decision.Origin.OperationId)))
            && state.Subscribers.TryTerms(decision.Slot, out var terms) && terms.IsActiveAt(now)
            && (!decision.InFlight || state.Subscribers.SlotsOf(decision.Slot) is not { } slots || slots.Holds(decision.SlotLife));
    }

    // Nodes that share limits go by one clock.
    private long Now => state.Shared is { } shared ? shared.Clock.Now : clock.GetUtcNow().UtcTicks;

    private AdmissionVerdict Decide(ReadOnlySpan<byte> key, Guid productId, in MeterAmounts meters, ref AdmissionDecision decision)
    {
        if (!state.Ready)
        {
            decision.RetryAfterSeconds = 1;
            return AdmissionVerdict.Unavailable;
        }
        if (key.IsEmpty)
            return AdmissionVerdict.KeyMissing;
        if (!KeyFormat.IsWellFormed(key))
            return AdmissionVerdict.KeyMalformed;
        Span<byte> digest = stackalloc byte[KeyFormat.DigestLength];
        Sha256.HashData(key, digest);
        var place = state.Keys.Find(digest);
        if (place < 0)
            return AdmissionVerdict.KeyUnknown;
        ref var entry = ref state.Keys.At(place);
        state.Subscribers.Expect(entry.Subscriber);
        var word = Volatile.Read(ref entry.State);
        var keyState = KeyEntry.StateOf(word);
        // A key of a subscription to something else is no key of this API. To say more would tell whoever holds it that it opens another door.
        if (keyState == KeyState.Deleted || !state.Subscribers.TryTerms(entry.Subscriber, out var terms) || terms.Plan.ProductId != productId)
            return AdmissionVerdict.KeyUnknown;
        var now = Now;
        Identify(ref decision, place, entry, terms, now);
        var refused = JudgeKey(keyState, state.Keys.ExpiresAt(place, word), terms, now, ref decision);
        if (refused == AdmissionVerdict.Admitted && (word & KeyEntry.Restricted) != 0)
            refused = JudgeRestriction(place, ref decision);
        if (refused != AdmissionVerdict.Admitted)
            return refused;
        // To the minute: a word that every call writes would travel between all cores.
        if (now - Volatile.Read(ref entry.LastUsed) > TimeSpan.TicksPerMinute)
            Volatile.Write(ref entry.LastUsed, now);
        return Take(state.Subscribers.At(entry.Subscriber), terms, meters, now, ref decision);
    }

    private static AdmissionVerdict JudgeKey(KeyState keyState, long expiresAt, in Terms terms, long now, ref AdmissionDecision decision)
    {
        if (keyState == KeyState.Revoked)
        {
            decision.Reason = RefusalReason.KeyRevoked;
            return AdmissionVerdict.KeyRevoked;
        }
        if (now >= expiresAt)
        {
            decision.Reason = RefusalReason.KeyExpired;
            return AdmissionVerdict.KeyExpired;
        }
        if (!terms.IsActiveAt(now))
        {
            decision.Reason = RefusalReason.SubscriptionInactive;
            return AdmissionVerdict.SubscriptionInactive;
        }
        return AdmissionVerdict.Admitted;
    }

    private AdmissionVerdict JudgeRestriction(int place, ref AdmissionDecision decision)
    {
        if (state.Keys.RestrictionOf(place) is not { } restriction)
            return AdmissionVerdict.Admitted;
        if (!restriction.AllowsAddress(decision.Origin.Client))
        {
            decision.Reason = RefusalReason.AddressNotAllowed;
            return AdmissionVerdict.AddressNotAllowed;
        }
        if (restriction.AllowsOperation(decision.Origin.OperationId))
            return AdmissionVerdict.Admitted;
        decision.Reason = RefusalReason.EndpointNotInKey;
        return AdmissionVerdict.EndpointNotInKey;
    }

    // What can refuse without having taken comes first.
    private AdmissionVerdict Take(Subscriber subscriber, in Terms terms, in MeterAmounts meters, long now, ref AdmissionDecision decision)
    {
        if (subscriber.SpentUp is { } spent && spent.PeriodStartSeconds == decision.PeriodStartSeconds && MeterMask.Takes(meters, spent.Meters))
            return Refuse(terms, meters, now, RefusalReason.SpendCap, terms.PeriodResetSeconds(now), ref decision);
        var inFlight = terms.Plan.Concurrency > 0;
        if (inFlight && Enter(subscriber, terms.Plan.Concurrency, ref decision) is not AdmissionVerdict.Admitted and var full)
            return full == AdmissionVerdict.Undecided ? full : Refuse(terms, meters, now, RefusalReason.Concurrency, 1, ref decision);
        var verdict = Limiter.TryTake(terms, meters, now, ref decision);
        if (verdict == AdmissionVerdict.Admitted && terms.Plan.Product is { } product && product.TryTerms(out var all))
            verdict = ProductLimiter.Take(subscriber, all, meters, now, ref decision);
        if (verdict == AdmissionVerdict.Admitted)
            decision.InFlight = inFlight;
        else if (inFlight)
            subscriber.Leave();
        return verdict;
    }

    private AdmissionVerdict Enter(Subscriber subscriber, int limit, ref AdmissionDecision decision)
    {
        if (subscriber.Slots is not { } slots)
            return subscriber.TryEnter(Math.Max(1, limit / state.LiveNodes)) ? AdmissionVerdict.Admitted : AdmissionVerdict.RateLimited;
        if (slots.TryEnter(limit, out decision.SlotLife, out var refused))
            return AdmissionVerdict.Admitted;
        decision.LeaseOfSlots = !refused;
        return refused ? AdmissionVerdict.RateLimited : AdmissionVerdict.Undecided;
    }

    // A refusal too tells what is left.
    private static AdmissionVerdict Refuse(in Terms terms, in MeterAmounts meters, long now, RefusalReason reason, int retryAfter, ref AdmissionDecision decision)
    {
        Limiter.Show(terms, meters, now, ref decision);
        decision.Reason = reason;
        decision.RetryAfterSeconds = retryAfter;
        return AdmissionVerdict.RateLimited;
    }

    private MeterLeases? LeasesOf(in AdmissionDecision decision)
    {
        var subscriber = state.Subscribers.At(decision.Slot);
        if (decision.LeaseOfProduct)
        {
            if (!subscriber.TryTerms(out var terms) || terms.Plan.Product is not { } product)
                return null;
            subscriber = product;
        }
        return subscriber.TryLeases(decision.LeaseMeter, out var leases) ? leases : null;
    }

    private static void Identify(ref AdmissionDecision decision, int place, in KeyEntry entry, in Terms terms, long now)
    {
        decision.KeyPlace = place;
        decision.Slot = entry.Subscriber;
        decision.KeyId = entry.KeyId;
        decision.SubscriptionId = terms.SubscriptionId;
        decision.PlanId = terms.Plan.PlanId;
        decision.PlanVersion = terms.Plan.PlanVersion;
        decision.PeriodStartSeconds = terms.PeriodStartSeconds(now);
        decision.OrganizationId = terms.OrganizationId;
        decision.ProviderOrganizationId = terms.Plan.ProviderOrganizationId;
    }
}
