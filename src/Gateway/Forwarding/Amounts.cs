using Tollgate.Metering;

namespace Tollgate.Gateway.Forwarding;

internal static class Amounts
{
    /// <summary>One of each.</summary>
    public static MeterAmounts Of(params ReadOnlySpan<Meter> meters)
    {
        var amounts = default(MeterAmounts);
        for (var i = 0; i < meters.Length; i++)
            amounts[i] = new MeterAmount(meters[i].Code, 1);
        return amounts;
    }
}
