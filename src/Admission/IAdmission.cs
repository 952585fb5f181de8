using System.Net;
using System.Runtime.CompilerServices;
using Tollgate.Metering;

namespace Tollgate.Admission;

/// <summary>The answer to "may they, and how much is left". The names are the problem codes.</summary>
public enum AdmissionVerdict : byte
{
    Admitted = 0,
    KeyMissing,
    KeyMalformed,
    KeyUnknown,
    KeyRevoked,
    KeyExpired,
    SubscriptionInactive,
    EndpointNotInPlan,
    RateLimited,

    /// <summary>The node cannot tell yet (starting, or its snapshot is too old): 503.</summary>
    Unavailable,

    /// <summary>The key is for other addresses than the caller's.</summary>
    AddressNotAllowed,

    /// <summary>The key is for other endpoints of the API.</summary>
    EndpointNotInKey,

    /// <summary>This node has spent its part of a shared limit: ask <see cref="IAdmission.LeaseAsync"/>, then decide again. Where that answers false, 503.</summary>
    Undecided,
}

/// <summary>The endpoint that is called (empty: none that the API has described) and the address of the client, for keys that are not for all of them.</summary>
public readonly record struct CallOrigin(Guid OperationId, IPAddress? Client);

/// <summary>One allowance as it stands after the decision.</summary>
/// <param name="Window">A <see cref="Plans.Window"/>.</param>
/// <param name="Meter">Code of the meter.</param>
/// <param name="ResetSeconds">Whole seconds from now to the window's end, rounded up.</param>
/// <param name="OfProduct">The provider's limit over all consumers, not this one's allowance.</param>
public readonly record struct LimitState(Plans.Window Window, byte Meter, bool Charged, long Limit, long Remaining, int WindowSeconds, int ResetSeconds, bool OfProduct = false);

/// <summary>Up to eight allowances, inline; <see cref="AdmissionDecision.LimitCount"/> says how many.</summary>
[InlineArray(8)]
public struct LimitStates
{
    private LimitState _first;
}

/// <summary>
/// The decision on one request, with all that its usage event needs. A value: nothing is allocated. Admitted amounts were taken from every allowance;
/// give them back with <see cref="IAdmission.GiveBack"/> when the gateway itself fails before an answer.
/// </summary>
public struct AdmissionDecision
{
    public AdmissionVerdict Verdict;
    public RefusalReason Reason;

    /// <summary>Seconds until another try makes sense; for RateLimited and Unavailable.</summary>
    public int RetryAfterSeconds;
    public Guid KeyId;
    public Guid SubscriptionId;
    public Guid PlanId;
    public int PlanVersion;
    public long PeriodStartSeconds;
    public Guid OrganizationId;
    public Guid ProviderOrganizationId;

    /// <summary>What was taken: the (meter, amount) pairs for the usage event.</summary>
    public MeterAmounts Amounts;
    public int LimitCount;
    public LimitStates Limits;

    /// <summary>Index of the tightest allowance (least remaining relative to its limit; the violated one on refusal), -1 without limits.</summary>
    public int Tightest;

    /// <summary>Internal handle of the subscription whose counters were taken from.</summary>
    public int Slot;

    /// <summary>Place of the key in the key table, -1 when no key was found.</summary>
    internal int KeyPlace;

    /// <summary>Where the call goes and comes from: what a restricted key is asked for as long as the call is open.</summary>
    internal CallOrigin Origin;

    /// <summary>Meter whose lease is spent, and what is missing; for Undecided.</summary>
    internal byte LeaseMeter;
    internal long LeaseNeed;
    internal bool LeaseOfProduct;

    /// <summary>What is spent is this node's part of the calls in flight at once.</summary>
    internal bool LeaseOfSlots;

    /// <summary>Of the lease that the call's place belongs to.</summary>
    internal int SlotLife;

    /// <summary>The call counts as in flight until <see cref="IAdmission.Release"/>.</summary>
    internal bool InFlight;

    /// <summary>For each entry of <see cref="Limits"/> the window that was taken from, 0 when nothing was: give-back goes nowhere else.</summary>
    internal WindowStamps Stamps;

    /// <summary>The same for the product's limits over all consumers, by window.</summary>
    internal WindowStamps ProductStamps;

    public readonly bool Admitted => Verdict == AdmissionVerdict.Admitted;

    /// <summary>True when the key was found, so that the call is logged against its subscription.</summary>
    public readonly bool KeyKnown => SubscriptionId != Guid.Empty;
}

[InlineArray(8)]
internal struct WindowStamps
{
    private uint _first;
}

/// <summary>The one limiter. Lock-free, no allocation, no I/O: safe to call from the network thread. Limits are exact under any concurrency on one node.</summary>
public interface IAdmission
{
    /// <summary>False until keys, entitlements and counters are loaded.</summary>
    bool Ready { get; }

    /// <summary>
    /// Checks the key for this product and takes one call (<paramref name="meters"/>: <c>requests</c> and what else the work costs) from every allowance, or nothing from any.
    /// </summary>
    /// <param name="key">The presented secret as ASCII bytes; empty when there was none.</param>
    /// <param name="productId">The API that is called.</param>
    /// <param name="meters">Amounts known at admission.</param>
    /// <param name="origin">What a restricted key is asked for besides.</param>
    AdmissionDecision Admit(ReadOnlySpan<byte> key, Guid productId, in MeterAmounts meters, CallOrigin origin = default);

    /// <summary>
    /// For an undecided call: waits, without a thread and a second at most, until this node has asked for more of the shared limit. False when it could not ask.
    /// </summary>
    ValueTask<bool> LeaseAsync(in AdmissionDecision decision);

    /// <summary>Returns what an admitted decision has taken, into the windows that it was taken from.</summary>
    void GiveBack(in AdmissionDecision decision);

    /// <summary>The call has ended, however it did: once for each admitted decision.</summary>
    void Release(in AdmissionDecision decision);

    /// <summary>Takes from the allowances what was only known afterwards (bytes out, AI cost). May pass a limit: the calls after it are refused.</summary>
    void Settle(in AdmissionDecision decision, in MeterAmounts amounts);

    /// <summary>What a meter of the decision's limits is called: a declared meter's code is of its provider. Null when the plan has it no more.</summary>
    string? MeterName(in AdmissionDecision decision, byte meter);

    /// <summary>False once the key or the subscription of an open stream has ended, or the key is for other endpoints or addresses by now.</summary>
    bool StillValid(in AdmissionDecision decision);
}
