using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>A running window, in UTC ticks.</summary>
internal readonly record struct Frame(long Start, long End, uint Ordinal)
{
    public int Seconds => (int)((End - Start) / TimeSpan.TicksPerSecond);

    /// <summary>Whole seconds to the end, rounded up, at least one.</summary>
    public int ResetSeconds(long now) => (int)Math.Max(1, (End - now + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond);

    public bool Holds(long time) => time >= Start && time < End;

    public static Frame Of(Window window, long start, long end) => new(start, end, WindowWord.OrdinalOf(window, start));
}

/// <summary>
/// Which window holds an instant, for the windows that all subscriptions of a plan and a zone have together. Seconds and minutes are arithmetic; calendar windows are worked out
/// once and kept until they end (one small object an hour or longer, never one a call).
/// </summary>
internal sealed class WindowClock(Window window, TimeZoneInfo zone)
{
    private Kept? _kept;

    /// <summary>Null for windows that begin with the subscription.</summary>
    public static WindowClock? Of(Window window, TimeZoneInfo zone) => window is Window.Month or Window.BillingPeriod ? null : new WindowClock(window, zone);

    public Frame At(long now)
    {
        if (window is Window.Second)
            return Aligned(now, TimeSpan.TicksPerSecond);
        if (window is Window.Minute)
            return Aligned(now, TimeSpan.TicksPerMinute);
        var kept = Volatile.Read(ref _kept);
        if (kept is null || !kept.Frame.Holds(now))
        {
            kept = new Kept(WorkedOut(now));
            Volatile.Write(ref _kept, kept);
        }
        return kept.Frame;
    }

    /// <summary>The ordinal of the window of an instant that may be long past; what is kept for the calls of now stays.</summary>
    public uint OrdinalAt(long time)
    {
        if (window is Window.Second or Window.Minute)
            return At(time).Ordinal;
        return Volatile.Read(ref _kept) is { } kept && kept.Frame.Holds(time) ? kept.Frame.Ordinal : WorkedOut(time).Ordinal;
    }

    private Frame WorkedOut(long time)
    {
        var span = Calendar.Of(window, default, default, zone, new DateTimeOffset(time, TimeSpan.Zero));
        return Frame.Of(window, span.Start.UtcTicks, span.End.UtcTicks);
    }

    private Frame Aligned(long now, long length)
    {
        var start = now - now % length;
        return Frame.Of(window, start, start + length);
    }

    private sealed class Kept(Frame frame)
    {
        public readonly Frame Frame = frame;
    }
}
