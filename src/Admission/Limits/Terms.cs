using Tollgate.Admission.Leases;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>An allowance, ready for the path.</summary>
internal readonly struct AllowanceTerm(byte meter, Window window, bool charged, long limit, CellPlace place, WindowClock clock, MeterLeases? leases, WindowLease? lease)
{
    public readonly byte Meter = meter;
    public readonly Window Window = window;
    public readonly bool Charged = charged;
    public readonly long Limit = limit;
    public readonly int Bits = WindowWord.BaseBits(window);
    public readonly CellPlace Place = place;
    public readonly WindowClock Clock = clock;

    /// <summary>Where nodes share limits: what this node may spend of this one.</summary>
    public readonly WindowLease? Lease = lease;
    public readonly MeterLeases? Leases = leases;
}

/// <summary>
/// What one subscriber may use: an entitlement, ready for the path. Immutable; a change of plan swaps it whole, while the counters, which belong to the
/// subscription, the meter and the window, stay.
/// </summary>
internal sealed class Terms
{
    private readonly WindowClock _period;

    public Terms(Entitlement entitlement, TimeZoneInfo zone, int nodes, Func<byte, CellPlace> cellOf, Func<byte, MeterLeases?> leasesOf, Subscriber? product = null)
    {
        Product = product;
        Concurrency = entitlement.Concurrency ?? 0;
        SpendCap = entitlement.SpendCap;
        SubscriptionId = entitlement.SubscriptionId;
        OrganizationId = entitlement.OrganizationId;
        ProviderOrganizationId = entitlement.Product.ProviderOrganizationId;
        ProductId = entitlement.Product.Id;
        PlanId = entitlement.PlanId;
        PlanVersion = entitlement.PlanVersion;
        Active = entitlement.Active;
        ValidUntil = entitlement.ValidUntil?.UtcTicks ?? long.MaxValue;
        _period = new WindowClock(Window.BillingPeriod, entitlement.Anchor, entitlement.Interval, zone);
        // By meter, so that one swap takes from all windows of a meter. What the call itself does not take (bytes) comes first: it can only refuse.
        Allowances = [.. entitlement.Allowances
            .Select(allowance => (Allowance: allowance, Meter: Meter.Find(allowance.Meter)))
            .Where(pair => pair.Meter is not null)
            .OrderByDescending(pair => IsOnlyKnownAfterwards(pair.Meter!.Value.Code)).ThenBy(pair => pair.Meter!.Value.Code).ThenBy(pair => pair.Allowance.Window)
            .Select(pair => (pair.Allowance, pair.Meter, Leases: pair.Allowance.Past == PastAllowance.Charge ? null : leasesOf(pair.Meter!.Value.Code)))
            .Select(pair => new AllowanceTerm(pair.Meter!.Value.Code, pair.Allowance.Window, pair.Allowance.Past == PastAllowance.Charge,
                LimitOf(pair.Allowance, nodes), cellOf(pair.Meter!.Value.Code),
                new WindowClock(pair.Allowance.Window, entitlement.Anchor, entitlement.Interval, zone),
                pair.Leases, pair.Leases?.Of(pair.Allowance.Window)))];
    }

    public Guid SubscriptionId { get; }

    public Guid OrganizationId { get; }

    public Guid ProviderOrganizationId { get; }

    public Guid ProductId { get; }

    /// <summary>The limits of the product over all its consumers; their terms are null where there are none.</summary>
    public Subscriber? Product { get; }

    /// <summary>Calls in flight at once; 0 for any number.</summary>
    public int Concurrency { get; }

    public long? SpendCap { get; }

    public Guid PlanId { get; }

    public int PlanVersion { get; }

    public bool Active { get; }

    public long ValidUntil { get; }

    /// <summary>Ordered by meter.</summary>
    public AllowanceTerm[] Allowances { get; }

    /// <summary>These terms' windows are counted on this node: an inactive subscription's are not built.</summary>
    public bool IsCounted => Active;

    public bool IsActiveAt(long now) => Active && now < ValidUntil;

    public long PeriodStartSeconds(long now) => (_period.At(now).Start - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;

    public int PeriodResetSeconds(long now) => _period.At(now).ResetSeconds(now);

    /// <summary>Every call makes bytes, though none is known at admission: a used-up allowance refuses the next call.</summary>
    public static bool IsOnlyKnownAfterwards(byte meter) => meter == Meter.BytesOut.Code;

    // Past a charged allowance nothing is refused, so only refusing limits are divided among nodes.
    private static long LimitOf(Allowance allowance, int nodes)
    {
        var limit = Math.Clamp(allowance.Amount, 0, WindowWord.LargestLimit(allowance.Window));
        return allowance.Past == PastAllowance.Charge || limit == 0 ? limit : Math.Max(1, limit / nodes);
    }
}
