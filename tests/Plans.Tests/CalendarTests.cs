namespace Tollgate.Plans.Tests;

public sealed class CalendarTests
{
    private static readonly string[] Zones =
    [
        "UTC", "Europe/Berlin", "America/Sao_Paulo", "America/New_York", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
        "Pacific/Kiritimati", "America/Havana", "Africa/Casablanca", "Asia/Pyongyang", "America/Caracas", "Asia/Tehran",
    ];

    [Theory]
    [InlineData(Window.Second, "2026-03-05T10:11:12.5Z", "2026-03-05T10:11:12Z", "2026-03-05T10:11:13Z")]
    [InlineData(Window.Minute, "2026-03-05T10:11:12.5Z", "2026-03-05T10:11:00Z", "2026-03-05T10:12:00Z")]
    [InlineData(Window.Minute, "2026-03-05T10:11:00Z", "2026-03-05T10:11:00Z", "2026-03-05T10:12:00Z")]
    [InlineData(Window.Hour, "2026-03-05T10:11:12Z", "2026-03-05T09:15:00Z", "2026-03-05T10:15:00Z")]
    [InlineData(Window.Day, "2026-03-05T18:14:59Z", "2026-03-04T18:15:00Z", "2026-03-05T18:15:00Z")]
    [InlineData(Window.Day, "2026-03-05T18:15:00Z", "2026-03-05T18:15:00Z", "2026-03-06T18:15:00Z")]
    public void Of_Kathmandu_FollowsItsQuarterHours(Window window, string now, string start, string end) =>
        Check(window, "2026-01-01T00:00:00Z", "Asia/Kathmandu", now, start, end);

    [Theory]
    [InlineData(Window.Day, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")]
    [InlineData(Window.Day, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")]
    [InlineData(Window.Week, "2026-03-29T12:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z")]
    [InlineData(Window.Week, "2026-10-26T12:00:00Z", "2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z")]
    [InlineData(Window.Hour, "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z")]
    [InlineData(Window.Hour, "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z")]
    [InlineData(Window.Hour, "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")]
    public void Of_Berlin_FollowsSummerTime(Window window, string now, string start, string end) =>
        Check(window, "2026-01-01T00:00:00Z", "Europe/Berlin", now, start, end);

    [Theory]
    // Clocks went on at midnight: the day of 4 November 2018 began at 01:00 local.
    [InlineData("2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z")]
    // And back at midnight: 17 February 2018 had 25 hours.
    [InlineData("2018-02-18T02:30:00Z", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z")]
    public void Of_SaoPaulo_DaysChangeAtMidnight(string now, string start, string end) =>
        Check(Window.Day, "2018-01-01T00:00:00Z", "America/Sao_Paulo", now, start, end);

    [Theory]
    [InlineData("2026-04-04T14:45:00Z", "2026-04-04T14:00:00Z", "2026-04-04T15:00:00Z")]
    [InlineData("2026-04-04T15:10:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:30:00Z")]
    [InlineData("2026-04-04T15:40:00Z", "2026-04-04T15:30:00Z", "2026-04-04T16:30:00Z")]
    public void Of_LordHowe_HalfAnHourBackMakesAShortWindow(string now, string start, string end) =>
        Check(Window.Hour, "2026-01-01T00:00:00Z", "Australia/Lord_Howe", now, start, end);

    [Theory]
    [InlineData("2026-02-10T00:00:00Z", "2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z")]
    [InlineData("2026-02-28T10:00:00Z", "2026-02-28T10:00:00Z", "2026-03-31T10:00:00Z")]
    [InlineData("2026-04-30T09:59:59Z", "2026-03-31T10:00:00Z", "2026-04-30T10:00:00Z")]
    [InlineData("2028-02-29T10:00:00Z", "2028-02-29T10:00:00Z", "2028-03-31T10:00:00Z")]
    [InlineData("2025-12-31T10:00:00Z", "2025-12-31T10:00:00Z", "2026-01-31T10:00:00Z")]
    [InlineData("2025-11-29T00:00:00Z", "2025-10-31T10:00:00Z", "2025-11-30T10:00:00Z")]
    public void Of_MonthFromThe31st_ClampsWithoutDrifting(string now, string start, string end) =>
        Check(Window.Month, "2026-01-31T10:00:00Z", "UTC", now, start, end);

    [Theory]
    [InlineData("2028-03-01T00:00:00Z", "2028-02-29T08:00:00Z", "2029-02-28T08:00:00Z")]
    [InlineData("2029-02-28T07:59:59Z", "2028-02-29T08:00:00Z", "2029-02-28T08:00:00Z")]
    [InlineData("2032-02-29T08:00:00Z", "2032-02-29T08:00:00Z", "2033-02-28T08:00:00Z")]
    [InlineData("2026-06-01T00:00:00Z", "2026-02-28T08:00:00Z", "2027-02-28T08:00:00Z")]
    public void Period_YearFromLeapDay_ClampsAndComesBack(string now, string start, string end)
    {
        var span = Calendar.Period(At("2028-02-29T08:00:00Z"), PriceInterval.Year, TimeZoneInfo.Utc, At(now));
        span.ShouldBe(new Span(At(start), At(end)));
    }

    [Theory]
    // 02:30 does not exist on 29 March 2026: it moves on by the gap. On 25 October it is there twice: the first.
    [InlineData("2026-02-28T01:30:00Z", "2026-03-29T12:00:00Z", "2026-03-28T01:30:00Z", "2026-04-28T00:30:00Z")]
    [InlineData("2026-01-29T01:30:00Z", "2026-03-29T12:00:00Z", "2026-03-29T01:30:00Z", "2026-04-29T00:30:00Z")]
    [InlineData("2026-09-25T00:30:00Z", "2026-10-25T12:00:00Z", "2026-10-25T00:30:00Z", "2026-11-25T01:30:00Z")]
    // An anchor in the second 02:30 starts its first period itself.
    [InlineData("2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z", "2026-11-25T01:30:00Z")]
    [InlineData("2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z", "2026-09-25T00:30:00Z", "2026-10-25T01:30:00Z")]
    public void Of_MonthInBerlin_KeepsTheLocalTime(string anchor, string now, string start, string end) =>
        Check(Window.Month, anchor, "Europe/Berlin", now, start, end);

    [Theory]
    [InlineData("2026-11-15T23:59:59Z", "2026-11-09T00:00:00Z")]
    [InlineData("2026-11-16T00:00:00Z", "2026-11-16T00:00:00Z")]
    [InlineData("2026-11-21T10:00:00Z", "2026-11-16T00:00:00Z")]
    public void Of_Week_StartsOnMonday(string now, string start) =>
        Check(Window.Week, "2026-01-01T00:00:00Z", "UTC", now, start, At(start).AddDays(7).ToString("O"));

    [Fact]
    public void Of_AnyZoneAndWindow_HoldsNowAndTilesTheTimeLine()
    {
        var random = new Random(20261121);
        foreach (var zone in Zones.Select(TimeZoneInfo.FindSystemTimeZoneById))
            for (var i = 0; i < 400; i++)
            {
                var anchor = Instant(random);
                var now = Instant(random);
                var interval = i % 2 == 0 ? PriceInterval.Month : PriceInterval.Year;
                foreach (var window in Enum.GetValues<Window>())
                    Tiles(window, anchor, interval, zone, now);
            }
    }

    [Fact]
    public void Of_EveryQuarterHourAroundEveryChangeOfOffset_HoldsNowAndTiles()
    {
        var anchor = At("2010-01-31T05:30:00Z");
        foreach (var zone in Zones.Select(TimeZoneInfo.FindSystemTimeZoneById))
            foreach (var change in Changes(zone))
                for (var minutes = -1500; minutes <= 1500; minutes += 15)
                    foreach (var window in (ReadOnlySpan<Window>)[Window.Hour, Window.Day, Window.Week, Window.Month])
                        Tiles(window, anchor, PriceInterval.Month, zone, change.AddMinutes(minutes));
    }

    // Two days in which the offset changes, by day, over the years in which the zones moved most.
    private static IEnumerable<DateTimeOffset> Changes(TimeZoneInfo zone)
    {
        for (var day = At("2006-01-01T00:00:00Z"); day < At("2020-01-01T00:00:00Z"); day = day.AddDays(1))
            if (zone.GetUtcOffset(day) != zone.GetUtcOffset(day.AddDays(1)))
                yield return day;
    }

    private static void Tiles(Window window, DateTimeOffset anchor, PriceInterval interval, TimeZoneInfo zone, DateTimeOffset now)
    {
        var span = Calendar.Of(window, anchor, interval, zone, now);
        var what = $"{window} of {zone.Id}, anchor {anchor:O}, at {now:O}: {span.Start:O} to {span.End:O}";
        span.Start.ShouldBeLessThanOrEqualTo(now, what);
        span.End.ShouldBeGreaterThan(now, what);
        Calendar.Of(window, anchor, interval, zone, span.Start).ShouldBe(span, what);
        Calendar.Of(window, anchor, interval, zone, span.End.AddTicks(-1)).ShouldBe(span, what);
        Calendar.Of(window, anchor, interval, zone, span.End).Start.ShouldBe(span.End, what);
        Calendar.Of(window, anchor, interval, zone, span.Start.AddTicks(-1)).End.ShouldBe(span.Start, what);
    }

    private static DateTimeOffset Instant(Random random) =>
        At("1995-01-01T00:00:00Z").AddSeconds(random.NextInt64((long)TimeSpan.FromDays(365 * 45).TotalSeconds));

    private static void Check(Window window, string anchor, string zone, string now, string start, string end) =>
        Calendar.Of(window, At(anchor), PriceInterval.Month, TimeZoneInfo.FindSystemTimeZoneById(zone), At(now)).ShouldBe(new Span(At(start), At(end)));

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
