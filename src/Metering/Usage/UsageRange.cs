using System.Globalization;
using Tollgate.Foundation;

namespace Tollgate.Metering.Usage;

internal enum UsageInterval
{
    Hour,
    Day,
}

/// <summary>Whole buckets that touch the asked span: <see cref="Start"/> is rounded down and <see cref="End"/> up, so that the running hour is in.</summary>
internal sealed record UsageRange(DateTimeOffset Start, DateTimeOffset End, UsageInterval Interval)
{
    private const int DefaultDays = 30;
    private const int MostDaysByHour = 31;
    private const int MostDaysByDay = 400;

    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"];

    public TimeSpan Step => Interval == UsageInterval.Hour ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1);

    public static Outcome<UsageRange> Parse(string? from, string? to, string? interval, DateTimeOffset now)
    {
        var errors = new Errors();
        if (interval is not (null or "" or "hour" or "day"))
            errors.Add("interval", "UNKNOWN_VALUE", "Use hour or day.");
        var end = Time(errors, "to", to) ?? now;
        var start = Time(errors, "from", from) ?? end.AddDays(-DefaultDays);
        if (errors.Any)
            return errors.ToFailure();
        var unit = interval == "hour" ? UsageInterval.Hour : UsageInterval.Day;
        var most = unit == UsageInterval.Hour ? MostDaysByHour : MostDaysByDay;
        if (start >= end)
            return Failure.Invalid("from", "RANGE_EMPTY", "`from` must lie before `to`.");
        if (end - start > TimeSpan.FromDays(most))
            return Failure.Invalid("from", "RANGE_TOO_LONG", $"At most {most} days by {(unit == UsageInterval.Hour ? "hour" : "day")}.");
        var step = unit == UsageInterval.Hour ? TimeSpan.TicksPerHour : TimeSpan.TicksPerDay;
        return new UsageRange(Floor(start, step), Floor(end.AddTicks(step - 1), step), unit);
    }

    /// <summary>An RFC 3339 time, or null when there is none.</summary>
    public static DateTimeOffset? Time(Errors errors, string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        // Years at the ends of the calendar would overflow in the arithmetic that follows.
        if (DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            && time.Year is >= 1970 and < 9000)
            return time;
        errors.Add(name, "NOT_A_TIME", "Use RFC 3339, such as 2026-03-01T00:00:00Z.");
        return null;
    }

    private static DateTimeOffset Floor(DateTimeOffset time, long step) => new(time.UtcTicks - time.UtcTicks % step, TimeSpan.Zero);
}
