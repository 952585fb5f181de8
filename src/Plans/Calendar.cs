namespace Tollgate.Plans;

/// <summary>A half-open span of time, both ends UTC.</summary>
public readonly record struct Span(DateTimeOffset Start, DateTimeOffset End);

/// <summary>
/// Where a window that holds an instant starts and ends. Pure. Second and minute are aligned to UTC. Hour, day and week (from Monday) are calendar
/// windows of the zone: a local time that does not exist moves on by the gap, one that is there twice means its first. A month, or a billing period of
/// N months, starts at the anchor's local day and time, clamped to the month's last day, always counted from the anchor (31 Jan, 28 Feb, 31 Mar).
/// </summary>
public static class Calendar
{
    public static Span Of(Window window, DateTimeOffset anchor, PriceInterval interval, TimeZoneInfo zone, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(zone);
        return window switch
        {
            Window.Second => Fixed(now, TimeSpan.TicksPerSecond),
            Window.Minute => Fixed(now, TimeSpan.TicksPerMinute),
            Window.Hour => Hour(zone, now),
            Window.Day => Days(zone, now, 1),
            Window.Week => Days(zone, now, 7),
            Window.Month => Months(anchor, zone, now, 1),
            Window.BillingPeriod => Months(anchor, zone, now, interval == PriceInterval.Year ? 12 : 1),
            _ => throw new ArgumentOutOfRangeException(nameof(window), window, "Unknown window"),
        };
    }

    /// <summary>The billing period of a subscription that holds <paramref name="now"/>.</summary>
    public static Span Period(DateTimeOffset anchor, PriceInterval interval, TimeZoneInfo zone, DateTimeOffset now) =>
        Of(Window.BillingPeriod, anchor, interval, zone, now);

    private static Span Fixed(DateTimeOffset now, long ticks)
    {
        var start = now.UtcTicks - now.UtcTicks % ticks;
        return new Span(new DateTimeOffset(start, TimeSpan.Zero), new DateTimeOffset(start + ticks, TimeSpan.Zero));
    }

    // An hour of a zone with a half-hour offset starts at its own full hour; the doubled hour of autumn is two windows. Where the offset changes within
    // an hour, that hour is cut at the change, so that windows tile.
    private static Span Hour(TimeZoneInfo zone, DateTimeOffset now)
    {
        var offset = zone.GetUtcOffset(now);
        var local = now.UtcTicks + offset.Ticks;
        var start = local - local % TimeSpan.TicksPerHour - offset.Ticks;
        var end = start + TimeSpan.TicksPerHour;
        if (OffsetAt(zone, start) != offset)
            start = FirstTick(start, now.UtcTicks, ticks => OffsetAt(zone, ticks) == offset);
        if (OffsetAt(zone, end - 1) != offset)
            end = FirstTick(now.UtcTicks, end - 1, ticks => OffsetAt(zone, ticks) != offset);
        return new Span(new DateTimeOffset(start, TimeSpan.Zero), new DateTimeOffset(end, TimeSpan.Zero));
    }

    private static Span Days(TimeZoneInfo zone, DateTimeOffset now, int length)
    {
        var day = TimeZoneInfo.ConvertTime(now, zone).DateTime.Date;
        if (length == 7)
            day = day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
        // Clocks that went back across midnight show yesterday's date again: that belongs to the day that has begun.
        while (ToUtc(day.AddDays(length), zone) <= now)
            day = day.AddDays(length);
        return new Span(ToUtc(day, zone), ToUtc(day.AddDays(length), zone));
    }

    private static Span Months(DateTimeOffset anchor, TimeZoneInfo zone, DateTimeOffset now, int length)
    {
        var local = TimeZoneInfo.ConvertTime(anchor, zone).DateTime;
        var today = TimeZoneInfo.ConvertTime(now, zone).DateTime;
        var n = ((today.Year - local.Year) * 12 + today.Month - local.Month) / length;
        while (Start(n) > now)
            n--;
        while (Start(n + 1) <= now)
            n++;
        return new Span(Start(n), Start(n + 1));

        // The anchor itself may be the second of two equal local times.
        DateTimeOffset Start(int index) => index == 0 ? anchor.ToUniversalTime() : ToUtc(local.AddMonths(index * length), zone);
    }

    // Asks only for offsets of instants: TimeZoneInfo's answers about local times differ where a zone has changed its base offset.
    private static DateTimeOffset ToUtc(DateTime local, TimeZoneInfo zone)
    {
        var before = OffsetAt(zone, local.Ticks - TimeSpan.TicksPerDay);
        var after = OffsetAt(zone, local.Ticks + TimeSpan.TicksPerDay);
        var first = before > after ? before : after;
        var last = before > after ? after : before;
        foreach (var offset in (ReadOnlySpan<TimeSpan>)[first, last])
            if (OffsetAt(zone, local.Ticks - offset.Ticks) == offset)
                return new DateTimeOffset(local.Ticks - offset.Ticks, TimeSpan.Zero);
        return new DateTimeOffset(local.Ticks - before.Ticks, TimeSpan.Zero);
    }

    private static TimeSpan OffsetAt(TimeZoneInfo zone, long utcTicks) => zone.GetUtcOffset(new DateTimeOffset(utcTicks, TimeSpan.Zero));

    // The first tick in (from, to] of which something is true that is not true of from, and stays true.
    private static long FirstTick(long from, long to, Func<long, bool> isTrue)
    {
        while (to - from > 1)
        {
            var middle = from + (to - from) / 2;
            if (isTrue(middle))
                to = middle;
            else
                from = middle;
        }
        return to;
    }
}
