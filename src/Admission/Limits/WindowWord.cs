using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>
/// A window and the total at its beginning, in one word that changes by compare-and-swap: the high bits are the window's ordinal (its start since the
/// Unix epoch, in a unit that no two windows of the kind share), the low bits the base, modulo their width. Ordinals do not come again before the year
/// 2089, so a word that was read is either still true or the swap fails.
/// </summary>
internal static class WindowWord
{
    /// <summary>Bits of the base; the rest is the ordinal: seconds to 2106, minutes to 2097, half hours to 2089, half days to 2149.</summary>
    public static int BaseBits(Window window) => window switch
    {
        Window.Second => 32,
        Window.Minute => 38,
        Window.Hour => 43,
        _ => 47,
    };

    /// <summary>The largest limit that a window can hold: what is used is told from its low bits, half of them for overshoot.</summary>
    public static long LargestLimit(Window window) => (1L << (BaseBits(window) - 2)) - 1;

    // Half days tell days apart, whose shortest has 23 hours. Where clocks change by half an hour (Lord Howe Island) an hour is cut in two.
    public static uint OrdinalOf(Window window, long startTicks)
    {
        var unit = window switch
        {
            Window.Second => TimeSpan.TicksPerSecond,
            Window.Minute => TimeSpan.TicksPerMinute,
            Window.Hour => TimeSpan.TicksPerHour / 2,
            _ => TimeSpan.TicksPerHour * 12,
        };
        return (uint)((startTicks - DateTime.UnixEpoch.Ticks) / unit);
    }

    public static ulong Pack(int bits, uint ordinal, long total) => ((ulong)ordinal << bits) | ((ulong)total & ((1UL << bits) - 1));

    public static uint Ordinal(int bits, ulong word) => (uint)(word >> bits);

    /// <summary>Total minus base, sign kept: a total read before the base may be the smaller.</summary>
    public static long Used(int bits, long total, ulong word)
    {
        var shift = 64 - bits;
        return ((total << shift) - ((long)word << shift)) >> shift;
    }

    /// <summary>
    /// The word of the window <paramref name="ordinal"/> or of a later one (another call's clock was read after ours). Rolls over when the word is of
    /// an earlier window: of many calls one swap wins, and its base is the total at that moment, so no unit is lost or in two windows.
    /// </summary>
    public static ulong Current(ref ulong word, int bits, uint ordinal, ref long total)
    {
        while (true)
        {
            var seen = Volatile.Read(ref word);
            if (Ordinal(bits, seen) >= ordinal)
                return seen;
            var fresh = Pack(bits, ordinal, Volatile.Read(ref total));
            if (Interlocked.CompareExchange(ref word, fresh, seen) == seen)
                return fresh;
        }
    }

    /// <summary>Lowers what is used by <paramref name="amount"/> while the window is still the one that it was taken from.</summary>
    public static void GiveBack(ref ulong word, int bits, uint ordinal, long amount)
    {
        while (true)
        {
            var seen = Volatile.Read(ref word);
            if (Ordinal(bits, seen) != ordinal)
                return;
            if (Interlocked.CompareExchange(ref word, Pack(bits, ordinal, (long)seen + amount), seen) == seen)
                return;
        }
    }

    /// <summary>Sets what is used, unless the word is already of this window or a later one.</summary>
    public static void Seed(ref ulong word, int bits, uint ordinal, long total, long used)
    {
        var seen = Volatile.Read(ref word);
        if (Ordinal(bits, seen) < ordinal)
            Interlocked.CompareExchange(ref word, Pack(bits, ordinal, total - Held(bits, used)), seen);
    }

    /// <summary>Sets what is used, whatever the word said of this window; not when it is of a later one. Only for a cell from which no call takes.</summary>
    public static void Set(ref ulong word, int bits, uint ordinal, long total, long used)
    {
        while (true)
        {
            var seen = Volatile.Read(ref word);
            if (Ordinal(bits, seen) > ordinal || Interlocked.CompareExchange(ref word, Pack(bits, ordinal, total - Held(bits, used)), seen) == seen)
                return;
        }
    }

    /// <summary>What a word can tell of what is used: more is far past any limit that it can hold.</summary>
    public static long Held(int bits, long used) => Math.Min(used, (1L << (bits - 1)) - 1);
}
