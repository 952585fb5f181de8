using Microsoft.AspNetCore.Mvc;
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

    public TimeSpan Step => Interval == UsageInterval.Hour ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1);

    /// <summary>How many there are.</summary>
    public int Intervals => (int)((End - Start) / Step);

    /// <summary>The last 30 days by day where nothing else is said. Null when the errors say what is wrong.</summary>
    public static UsageRange? Parse(Errors errors, string? from, string? to, string? interval, DateTimeOffset now)
    {
        var unit = interval == "hour" ? UsageInterval.Hour : UsageInterval.Day;
        var known = interval is null or "" or "hour" or "day";
        errors.Check(known, "interval", "UNKNOWN_VALUE", "Use hour or day.");
        var end = QueryTime.Parse(errors, "to", to) ?? now;
        var start = QueryTime.Parse(errors, "from", from) ?? end.AddDays(-DefaultDays);
        // What is compared must be what was asked for, not what stands in for a value that cannot be read.
        if (errors.Items.Any(error => error.Path is "from" or "to"))
            return null;
        errors.Check(start < end, "from", "RANGE_EMPTY", "`from` must lie before `to`.");
        var most = unit == UsageInterval.Hour ? MostDaysByHour : MostDaysByDay;
        errors.Check(!known || end - start <= TimeSpan.FromDays(most), "from", "RANGE_TOO_LONG", $"At most {most} days by {(unit == UsageInterval.Hour ? "hour" : "day")}.");
        var step = unit == UsageInterval.Hour ? TimeSpan.TicksPerHour : TimeSpan.TicksPerDay;
        return new UsageRange(Floor(start, step), Floor(end.AddTicks(step - 1), step), unit);
    }

    private static DateTimeOffset Floor(DateTimeOffset time, long step) => new(time.UtcTicks - time.UtcTicks % step, TimeSpan.Zero);
}

internal sealed class UsageRangeParameters : IRequest
{
    private DateTimeOffset _now;
    private UsageRange? _range;

    [FromQuery(Name = "from")]
    public string? From { get; init; }

    [FromQuery(Name = "to")]
    public string? To { get; init; }

    /// <summary>`hour` or `day`.</summary>
    [FromQuery(Name = "interval")]
    public string? Interval { get; init; }

    [FromServices]
    public required TimeProvider Clock { get; init; }

    public DateTimeOffset Now => _now;

    public UsageRange Range => _range ?? throw new InvalidOperationException("The range is read once the request is validated.");

    public void Validate(Errors errors)
    {
        _now = Clock.GetUtcNow();
        _range = UsageRange.Parse(errors, From, To, Interval, _now);
    }
}
