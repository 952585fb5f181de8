using Tollgate.Foundation;
using Tollgate.Metering.Usage;

namespace Tollgate.Metering.Tests.Usage;

public class UsageAmountsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Since_AnyInstant_IsExact()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        var random = new Random(5);
        List<(int Subscription, DateTimeOffset At, long Actions)> events = [];
        for (var i = 0; i < 600; i++)
        {
            var (subscription, at, actions) = (random.Next(3), db.Clock.UtcNow.AddSeconds(-random.Next(6 * 3600)), random.NextInt64(5));
            events.Add((subscription, at, actions));
            var call = MeteringDatabase.WithAmounts(db.Call(subscription, at: at), new MeterAmount(Meter.Requests.Code, 1), new MeterAmount(Meter.Actions.Code, actions));
            call.Billable = i % 10 > 0;
            if (!call.Billable)
                events.RemoveAt(events.Count - 1);
            journal.Append(call);
        }
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        Guid[] subscriptions = [MeteringDatabase.Id(0), MeteringDatabase.Id(1), MeteringDatabase.Id(77)];
        DateTimeOffset[] instants = [db.Clock.UtcNow.AddSeconds(-17), MeteringDatabase.Hour(db.Clock.UtcNow.AddHours(-2)), .. Enumerable.Range(0, 20).Select(_ => db.Clock.UtcNow.AddSeconds(-random.Next(7 * 3600)))];
        foreach (var from in instants)
            foreach (var meter in new[] { Meter.Requests, Meter.Actions })
            {
                var used = await db.Database.AsWorkerAsync(s => new UsageAmounts().SinceAsync(s, subscriptions, meter.Name, from), Cancellation);
                var expected = events.Where(e => e.Subscription < 2 && e.At >= from)
                    .GroupBy(e => MeteringDatabase.Id(e.Subscription), e => meter == Meter.Actions ? e.Actions : 1).ToDictionary(g => g.Key, g => g.Sum());
                used.Where(u => u.Value > 0).OrderBy(u => u.Key).ShouldBe(expected.Where(e => e.Value > 0).OrderBy(e => e.Key), $"{meter.Name} since {from:O}");
            }
    }

    [Fact]
    public async Task OfPeriod_HoldsEachPlanVersionAndMeter_UnderTheCallersRights()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        for (var i = 0; i < 6; i++)
        {
            var call = MeteringDatabase.WithAmounts(db.Call(), new MeterAmount(Meter.Requests.Code, 1), new MeterAmount(Meter.AiCost.Code, 1_000_000_000_000_000_000));
            call.PlanVersion = 1 + i / 4;
            journal.Append(call);
        }
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        // The period's start has fractions of a second where it comes from, and none on the events.
        var start = DateTimeOffset.FromUnixTimeSeconds(db.Call().PeriodStartSeconds).AddMilliseconds(321);
        Task<IReadOnlyList<PeriodUsage>> Of(int organization) => db.Database.AsAppAsync(TenantContext.ForOrganization(MeteringDatabase.Id(organization)),
            s => new UsageAmounts().OfPeriodAsync(s, MeteringDatabase.Id(1), start), Cancellation);
        (await Of(10_001)).Select(u => (u.PlanVersion, u.Meter, u.Amount)).ShouldBe(
            [(1, "ai.cost", 4_000_000_000_000_000_000m), (1, "requests", 4m), (2, "ai.cost", 2_000_000_000_000_000_000m), (2, "requests", 2m)], ignoreOrder: true);
        (await Of(100)).Count.ShouldBe(4);
        (await Of(10_002)).ShouldBeEmpty();
    }
}
