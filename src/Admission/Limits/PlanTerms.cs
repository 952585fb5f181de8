using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>An allowance, ready for the path.</summary>
internal readonly struct AllowanceTerm(byte meter, string name, Window window, bool charged, long limit, WindowClock? clock)
{
    public readonly byte Meter = meter;

    /// <summary>A declared meter's code says nothing without its provider.</summary>
    public readonly string Name = name;
    public readonly Window Window = window;
    public readonly bool Charged = charged;
    public readonly long Limit = limit;
    public readonly int Bits = WindowWord.BaseBits(window);

    /// <summary>Null for windows that each subscription has from its own start on.</summary>
    public readonly WindowClock? Clock = clock;
}

/// <summary>
/// What subscriptions have in common: a plan's version in a time zone, with what is rare besides (an override of the provider's, a cap of the consumer's). One object for all
/// whose values are equal. Immutable.
/// </summary>
internal sealed class PlanTerms
{
    /// <param name="entitlement">Of one of the subscriptions.</param>
    /// <param name="zone">Its time zone.</param>
    /// <param name="nodes">Among how many each limit is divided.</param>
    /// <param name="product">The product's limits over all its consumers.</param>
    public PlanTerms(Entitlement entitlement, TimeZoneInfo zone, int nodes, Subscriber? product)
    {
        Key = new PlanKey(entitlement);
        Product = product;
        Zone = zone;
        Interval = entitlement.Interval;
        Concurrency = entitlement.Concurrency ?? 0;
        SpendCap = entitlement.SpendCap;
        ProviderOrganizationId = entitlement.Product.ProviderOrganizationId;
        ProductId = entitlement.Product.Id;
        PlanId = entitlement.PlanId;
        PlanVersion = entitlement.PlanVersion;
        // By meter, so that one swap takes from all windows of a meter. What the call itself does not take (bytes) comes first: it can only refuse.
        Allowances = [.. entitlement.Allowances
            .Where(allowance => allowance.MeterCode != 0)
            .OrderByDescending(allowance => IsOnlyKnownAfterwards(allowance.MeterCode)).ThenBy(allowance => allowance.MeterCode).ThenBy(allowance => allowance.Window)
            .Select(allowance => new AllowanceTerm(allowance.MeterCode, allowance.Meter, allowance.Window, allowance.Past == PastAllowance.Charge,
                LimitOf(allowance, nodes), WindowClock.Of(allowance.Window, zone)))];
    }

    public PlanKey Key { get; }

    public Guid ProviderOrganizationId { get; }

    public Guid ProductId { get; }

    /// <summary>The limits of the product over all its consumers; it has no terms where there are none.</summary>
    public Subscriber? Product { get; }

    /// <summary>Calls in flight at once; 0 for any number.</summary>
    public int Concurrency { get; }

    public long? SpendCap { get; }

    public Guid PlanId { get; }

    public int PlanVersion { get; }

    public PriceInterval Interval { get; }

    public TimeZoneInfo Zone { get; }

    /// <summary>Ordered by meter.</summary>
    public AllowanceTerm[] Allowances { get; }

    /// <summary>Every call makes bytes, and may make what is reported later, though none is known at admission: a used-up allowance refuses the next call.</summary>
    public static bool IsOnlyKnownAfterwards(byte meter) => meter == Meter.BytesOut.Code || Meter.IsDeclared(meter);

    // Past a charged allowance nothing is refused, so only refusing limits are divided among nodes. What is reported every node knows in whole.
    private static long LimitOf(Allowance allowance, int nodes)
    {
        var limit = Math.Clamp(allowance.Amount, 0, WindowWord.LargestLimit(allowance.Window));
        return allowance.Past == PastAllowance.Charge || limit == 0 || Meter.IsDeclared(allowance.MeterCode) ? limit : Math.Max(1, limit / nodes);
    }
}
