using Tollgate.Metering.Reports;

namespace Tollgate.Metering.Tests.Reports;

public sealed class ReportTimesTests
{
    private static readonly DateTimeOffset Started = new(2026, 1, 10, 8, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Now = new(2026, 6, 12, 8, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("2026-06-12T08:00:00Z", "2026-06-12T08:00:00Z", "2026-06-10T08:00:00Z", "in the running period")]
    [InlineData("2026-06-12T08:05:00Z", "2026-06-12T08:00:00Z", "2026-06-10T08:00:00Z", "a clock that is ahead: now, not in a window that has not begun")]
    [InlineData("2026-06-10T08:00:00Z", "2026-06-10T08:00:00Z", "2026-06-10T08:00:00Z", "the first instant of the period")]
    [InlineData("2026-06-10T07:59:59Z", "2026-06-12T08:00:00Z", "2026-06-10T08:00:00Z", "a period that ended 48 hours ago: by arrival")]
    [InlineData("2026-04-20T00:00:00Z", "2026-06-12T08:00:00Z", "2026-06-10T08:00:00Z", "older than 40 days: by arrival")]
    public void Of_AnEventOfALiveSubscription_CountsAtItsTimeOrByArrival(string time, string at, string period, string why) =>
        Of(Time(time), Now).ShouldBe(new CountedTime(Time(at), Time(period)), why);

    [Fact]
    public void Of_ThePeriodBefore_ForADayAfterItsEnd_CountsInIt()
    {
        var end = Time("2026-06-10T08:00:00Z");
        var lastSecond = end.AddSeconds(-1);
        Of(lastSecond, end.AddHours(24).AddTicks(-1)).ShouldBe(new CountedTime(lastSecond, Time("2026-05-10T08:00:00Z")));
        Of(lastSecond, end.AddHours(24)).ShouldBe(new CountedTime(end.AddHours(24), end));
    }

    [Theory]
    [InlineData("2026-06-12T08:05:01Z", "EVENT_IN_FUTURE")]
    [InlineData("2026-04-13T07:59:59Z", "EVENT_TOO_OLD")]
    [InlineData("2026-04-13T08:00:00Z", null)]
    public void Of_OutsideOfWhatIsTaken_IsRefused(string time, string? code)
    {
        ReportTimes.Of(Subject(), Time(time), Now, out var why);
        why?.Code.ShouldBe(code);
        (why is null).ShouldBe(code is null);
    }

    [Fact]
    public void Of_AnEndedSubscription_IsTakenForADayAndOnlyForWhatWasUsedBefore()
    {
        var ended = Now.AddHours(-3);
        var subject = Subject(ended);
        ReportTimes.Of(subject, ended, Now, out _).ShouldBe(new CountedTime(ended, Time("2026-06-10T08:00:00Z")));
        ReportTimes.Of(subject, ended.AddSeconds(1), Now, out var late).ShouldBeNull();
        late.ShouldBe(Rejection.SubscriptionEnded);
        ReportTimes.Of(subject, ended, ended.AddHours(24), out _).ShouldNotBeNull();
        ReportTimes.Of(subject, ended, ended.AddHours(24).AddSeconds(1), out _).ShouldBeNull();
        // Too late for its own period, it counts at the end and not after it.
        ReportTimes.Of(subject, Time("2026-06-01T00:00:00Z"), Now, out _).ShouldBe(new CountedTime(ended, Time("2026-06-10T08:00:00Z")));
    }

    [Fact]
    public void Of_BeforeTheSubscription_IsRefusedButForTheClocksError()
    {
        var now = Started.AddHours(1);
        ReportTimes.Of(Subject(), Started.AddMinutes(-6), now, out var why).ShouldBeNull();
        why.ShouldBe(Rejection.BeforeSubscription);
        ReportTimes.Of(Subject(), Started.AddMinutes(-4), now, out _).ShouldBe(new CountedTime(now, Started));
    }

    private static CountedTime? Of(DateTimeOffset time, DateTimeOffset now) => ReportTimes.Of(Subject(), time, now, out _);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static ReportSubject Subject(DateTimeOffset? ended = null) => new(MeteringDatabase.Id(1), MeteringDatabase.Id(2), MeteringDatabase.Id(3), Started, Started, ended, at =>
    {
        var months = -12;
        while (Started.AddMonths(months + 1) <= at)
            months++;
        return (Started.AddMonths(months), Started.AddMonths(months + 1));
    }, _ => 1);
}
