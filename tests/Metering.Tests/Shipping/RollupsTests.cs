using Tollgate.Metering.Journal;
using Tollgate.Metering.Shipping;
using Tollgate.Metering.Usage;
using static Tollgate.Metering.Tests.Journal.JournalFixture;

namespace Tollgate.Metering.Tests.Shipping;

public sealed class RollupsTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_003_000);

    [Fact]
    public void Fill_AfterALargerBatch_HoldsTheSumsOfTheNewOneOnly()
    {
        var rollups = new Rollups();
        rollups.Fill([.. Enumerable.Range(0, 50).Select(i => Row(i, subscription: i % 10, hour: i % 3, micros: 100 << (i % 8)))]);

        rollups.Fill([Row(1, subscription: 7, hour: 0, micros: 150), Row(2, subscription: 7, hour: 0, micros: 9_000), Row(3, subscription: 3, hour: 1, micros: 150)]);

        rollups.Hours.Select(h => (NumberOf(h.Key.Subscription), h.Calls, h.Requests, h.BytesOut, h.Status[2])).ShouldBe([(3, 1, 1, 3, 1), (7, 2, 2, 3, 2)]);
        rollups.Days.Select(d => (NumberOf(d.Key.Subscription), d.Calls, d.BytesOut)).ShouldBe([(3, 1, 3), (7, 2, 3)]);
        rollups.Meters.Select(m => (NumberOf(m.Key.Subscription), m.Key.Meter, m.Value)).ShouldBe([(3, "requests", 1m), (7, "requests", 2m)]);
        rollups.Periods.Select(p => (NumberOf(p.Key.Subscription), p.Value.Amount)).ShouldBe([(3, 1m), (7, 2m)]);
        Latency.Unpack(Digits(rollups.Days[1].PackedLatencies)).Select(b => b.Key).ShouldBe([Latency.Bucket(150), Latency.Bucket(9_000)]);
    }

    [Fact]
    public void Fill_TwoHoursOfADay_AddsThemUpToTheDay()
    {
        var rollups = new Rollups();

        rollups.Fill([Row(1, subscription: 7, hour: 0, micros: 150), Row(2, subscription: 7, hour: 1, micros: 150), Row(3, subscription: 7, hour: 1, micros: 9_000)]);

        rollups.Hours.Count.ShouldBe(2);
        var day = rollups.Days.ShouldHaveSingleItem();
        (day.Calls, day.BytesOut).ShouldBe((3, 6));
        Latency.Unpack(Digits(day.PackedLatencies)).ShouldBe([KeyValuePair.Create(Latency.Bucket(150), 2L), KeyValuePair.Create(Latency.Bucket(9_000), 1L)]);
    }

    private static int NumberOf(Guid id) => BitConverter.ToInt32(id.ToByteArray());

    // The number written out, as the database answers it.
    private static string Digits(string packed) =>
        packed.Split('e') is [var digits, var zeros] ? (digits + new string('0', int.Parse(zeros, System.Globalization.CultureInfo.InvariantCulture))).TrimStart('0') : packed;

    private static LogRow Row(int number, int subscription, int hour, long micros)
    {
        var usage = Event(number, Number(subscription), startSeconds: 1_800_000_000 + hour * 3600 - 3600) with { DurationMicros = micros };
        return new LogRow(new JournalRecord { Kind = JournalRecordKind.Usage, Offset = number, Usage = usage }, number, Now);
    }
}
