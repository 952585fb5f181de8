using Tollgate.Metering.Reports;
using Tollgate.Metering.Tests.Usage;

namespace Tollgate.Metering.Tests.Reports;

public sealed class ReportedSumsTests
{
    [Theory]
    [InlineData(0, 60, 1 + 2 + 4 + 8)]
    [InlineData(60, 120, 16 + 32)]
    [InlineData(20, 120, 4 + 8 + 16 + 32)]
    [InlineData(0, 80, 1 + 2 + 4 + 8 + 16)]
    [InlineData(20, 80, 4 + 8 + 16)]
    [InlineData(10, 20, 2)]
    [InlineData(40, 40 + 24 * 60, 8 + 16 + 32)]
    public async Task Sums_OfAWindow_EndWithIt(int fromMinute, int toMinute, long expected)
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        server.Subscriptions.Add(1);
        var start = MeteringDatabase.Hour(TimeProvider.System.GetUtcNow().AddHours(-3));
        int[] minutes = [0, 10, 20, 40, 60, 80];
        await server.ReportAsync([.. minutes.Select((minute, i) => Reporting.Event(meter, $"{i}", 1L << i, time: start.AddMinutes(minute)))]);
        var sums = await server.Db.Database.AsWorkerAsync(session => new ReportedUsageQuery().SumsAsync(session,
            [new ReportedCounter(MeteringDatabase.Id(1), meter, start.AddMinutes(fromMinute), start.AddMinutes(toMinute))]), TestContext.Current.CancellationToken);
        sums.ShouldBe([expected]);
    }
}
