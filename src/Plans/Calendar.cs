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

    // An hour of a zone with a half-hour offset starts at its own full hour; the doubled hour of autumn is two windows.
    private static Span Hour(TimeZoneInfo zone, DateTimeOffset now)
    {
        var offset = zone.GetUtcOffset(now);
        var local = now.UtcTicks + offset.Ticks;
        var start = local - local % TimeSpan.TicksPerHour - offset.Ticks;
        return new Span(new DateTimeOffset(start, TimeSpan.Zero), new DateTimeOffset(start + TimeSpan.TicksPerHour, TimeSpan.Zero));
    }

    private static Span Days(TimeZoneInfo zone, DateTimeOffset now, int length)
    {
        var day = TimeZoneInfo.ConvertTime(now, zone).DateTime.Date;
        if (length == 7)
            day = day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
        return new Span(ToUtc(day, zone), ToUtc(day.AddDays(length), zone));
    }

    private static Span Months(DateTimeOffset anchor, TimeZoneInfo zone, DateTimeOffset now, int length)
    {
        var local = TimeZoneInfo.ConvertTime(anchor, zone).DateTime;
        var today = TimeZoneInfo.ConvertTime(now, zone).DateTime;
        var n = ((today.Year - local.Year) * 12 + today.Month - local.Month) / length;
        while (ToUtc(local.AddMonths(n * length), zone) > now)
            n--;
        while (ToUtc(local.AddMonths((n + 1) * length), zone) <= now)
            n++;
        return new Span(ToUtc(local.AddMonths(n * length), zone), ToUtc(local.AddMonths((n + 1) * length), zone));
    }

    private static DateTimeOffset ToUtc(DateTime local, TimeZoneInfo zone)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(local))
        {
            var before = zone.GetUtcOffset(local.AddHours(-3));
            return new DateTimeOffset(local.Ticks - before.Ticks, TimeSpan.Zero);
        }
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local.Ticks - offset.Ticks, TimeSpan.Zero);
    }
}
