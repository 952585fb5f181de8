using Tollgate.Metering;

namespace Tollgate.Admission.Limits;

/// <param name="Meters">By <see cref="MeterMask"/>.</param>
internal sealed record SpentUp(long PeriodStartSeconds, uint Meters);

/// <summary>Sets of meters: a bit for each built-in one, and one for all that providers declare, for they are never told apart here.</summary>
internal static class MeterMask
{
    private const uint Declared = 1u << 31;

    public static uint Of(byte code) => Meter.IsDeclared(code) ? Declared : 1u << code;

    public static uint Of(string name) => Meter.IsDeclared(name) ? Declared : Meter.Find(name) is { } meter ? Of(meter.Code) : 0;

    /// <summary>The call names one of them, or may make some of one that is only known afterwards.</summary>
    public static bool Takes(in MeterAmounts meters, uint mask)
    {
        for (var i = 0; i < 4; i++)
            if (meters[i].Meter != 0 && (mask & Of(meters[i].Meter)) != 0)
                return true;
        return (mask & (Of(Meter.BytesOut.Code) | Declared)) != 0;
    }
}
