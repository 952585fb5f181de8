using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>A running window, in UTC ticks.</summary>
internal readonly record struct Frame(long Start, long End, uint Ordinal)
{
    public int Seconds => (int)((End - Start) / TimeSpan.TicksPerSecond);

    /// <summary>Whole seconds to the end, rounded up, at least one.</summary>
    public int ResetSeconds(long now) => (int)Math.Max(1, (End - now + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond);
}

/// <summary>
/// Which window holds an instant. Seconds and minutes are arithmetic; calendar windows are worked out once and kept until they end (one small object
/// an hour or longer, never one a call).
/// </summary>
internal sealed class WindowClock(Window window, DateTimeOffset anchor, PriceInterval interval, TimeZoneInfo zone)
{
    private Kept? _kept;

    public Frame At(long now)
    {
        if (window is Window.Second)
            return Aligned(now, TimeSpan.TicksPerSecond);
        if (window is Window.Minute)
            return Aligned(now, TimeSpan.TicksPerMinute);
        var kept = Volatile.Read(ref _kept);
        if (kept is null || now < kept.Frame.Start || now >= kept.Frame.End)
        {
            var span = Calendar.Of(window, anchor, interval, zone, new DateTimeOffset(now, TimeSpan.Zero));
            kept = new Kept(new Frame(span.Start.UtcTicks, span.End.UtcTicks, WindowWord.OrdinalOf(window, span.Start.UtcTicks)));
            Volatile.Write(ref _kept, kept);
        }
        return kept.Frame;
    }

    /// <summary>The ordinal of the window of an instant that may be long past; what is kept for the calls of now stays.</summary>
    public uint OrdinalAt(long time)
    {
        if (window is Window.Second or Window.Minute)
            return At(time).Ordinal;
        if (Volatile.Read(ref _kept) is { } kept && time >= kept.Frame.Start && time < kept.Frame.End)
            return kept.Frame.Ordinal;
        return WindowWord.OrdinalOf(window, Calendar.Of(window, anchor, interval, zone, new DateTimeOffset(time, TimeSpan.Zero)).Start.UtcTicks);
    }

    private Frame Aligned(long now, long length)
    {
        var start = now - now % length;
        return new Frame(start, start + length, WindowWord.OrdinalOf(window, start));
    }

    private sealed class Kept(Frame frame)
    {
        public readonly Frame Frame = frame;
    }
}
