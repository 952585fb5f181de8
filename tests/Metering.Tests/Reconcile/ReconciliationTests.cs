namespace Tollgate.Metering.Tests.Reconcile;

public class ReconciliationTests
{
    private static readonly DateTimeOffset From = new(MeteringDatabase.DefaultNow.AddDays(-2).Date, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(MeteringDatabase.DefaultNow.AddDays(1).Date, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_WhatTheGatewayCountedAndShipped_IsEqualEverywhere()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = await ShippedAsync(db);
        var report = await RunAsync(db);
        report.Balanced.ShouldBeTrue(report.ToText());
        report.Rows.Select(r => (r.Gateway, r.Unsealed, r.Log, r.Hourly)).ShouldBe([(20, 0, 20, 20), (20, 0, 20, 20)]);
        report.Rows.ShouldAllBe(r => r.Daily == 20);
        // Later calls are in the log but in no sealed counter yet: no difference.
        journal.Append(db.Call());
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        report = await RunAsync(db);
        report.Balanced.ShouldBeTrue(report.ToText());
        report.Rows[0].Unsealed.ShouldBe(1);
    }

    [Theory]
    [InlineData("DELETE FROM metering.request_log WHERE journal_offset = 64", ReconciliationFinding.LogRowMissing)]
    [InlineData("INSERT INTO metering.request_log SELECT (jsonb_populate_record(l, jsonb_build_object('journal_offset', 1))).* FROM metering.request_log l WHERE journal_offset = 64", ReconciliationFinding.LogRowDoubled)]
    [InlineData("UPDATE metering.request_log SET bytes_out = bytes_out + 1 WHERE journal_offset = 64", ReconciliationFinding.LogRowAltered)]
    [InlineData("UPDATE metering.request_log SET billable = false WHERE journal_offset = 64", ReconciliationFinding.LogRowAltered, ReconciliationFinding.LogRowMissing)]
    [InlineData("UPDATE metering.usage_hourly SET requests = requests + 1 WHERE ctid = (SELECT min(ctid) FROM metering.usage_hourly)", ReconciliationFinding.HourlyRollupAltered)]
    [InlineData("DELETE FROM metering.usage_hourly WHERE ctid = (SELECT min(ctid) FROM metering.usage_hourly)", ReconciliationFinding.HourlyRollupAltered)]
    [InlineData("UPDATE metering.usage_daily SET bytes_in = 0 WHERE ctid = (SELECT min(ctid) FROM metering.usage_daily)", ReconciliationFinding.DailyRollupAltered)]
    [InlineData("UPDATE metering.usage_by_period SET amount = amount - 1 WHERE ctid = (SELECT min(ctid) FROM metering.usage_by_period)", ReconciliationFinding.PeriodUsageAltered)]
    public async Task Run_AFigureTamperedWith_IsNamed(string tamper, params ReconciliationFinding[] findings)
    {
        await using var db = await MeteringDatabase.CreateAsync();
        await ShippedAsync(db);
        await db.ExecuteAsync(tamper);
        var report = await RunAsync(db, findings.Contains(ReconciliationFinding.PeriodUsageAltered) ? -30 : 0);
        report.Balanced.ShouldBeFalse();
        report.Differences.Select(d => d.Finding).Distinct().Order().ShouldBe(findings.Order().Distinct(), report.ToText());
        report.Rows.Count(r => !r.Balanced).ShouldBe(1);
    }

    [Fact]
    public async Task Run_LogRowDoubled_NamesTheRequest()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        await ShippedAsync(db);
        await db.ExecuteAsync("INSERT INTO metering.request_log SELECT (jsonb_populate_record(l, jsonb_build_object('journal_offset', 1))).* FROM metering.request_log l WHERE journal_offset = 64");
        var request = await db.ScalarAsync<Guid>("SELECT request_id FROM metering.request_log WHERE journal_offset = 1");
        (await RunAsync(db)).ToText().ShouldContain(Foundation.TypeId.Format("req", request));
    }

    [Fact]
    public async Task Run_LiveAndDeadJournals_WaitsForTheOneAndNamesTheOther()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        await ShippedAsync(db);
        var dead = new MemoryJournal(2);
        using (var shipper = db.Shipper(dead))
            await shipper.ShipNowAsync(Cancellation);
        var live = new MemoryJournal(3);
        using var running = db.Shipper(live);
        await running.StartAsync(Cancellation);
        for (var i = 0; i < 30; i++)
            live.Append(db.Call(5));
        var report = await db.Reconciliation(waitSeconds: 4).RunAsync(From, To, Cancellation);
        report.Balanced.ShouldBeTrue(report.ToText());
        report.Rows.Select(r => r.Gateway).ShouldContain(30);
        report.Unsettled.Select(u => u.JournalId).ShouldContain(dead.Id);
        report.Unsettled.Select(u => u.JournalId).ShouldNotContain(live.Id);
        await running.StopAsync(Cancellation);
    }

    private static Task<ReconciliationReport> RunAsync(MeteringDatabase db, int days = 0) => db.Reconciliation().RunAsync(From.AddDays(days), To, Cancellation);

    /// <summary>20 billable calls of each of two subscriptions over some hours, and refused ones.</summary>
    private static async Task<MemoryJournal> ShippedAsync(MeteringDatabase db)
    {
        var journal = new MemoryJournal();
        for (var i = 0; i < 60; i++)
        {
            var call = db.Call(1 + i % 2, at: MeteringDatabase.DefaultNow.AddMinutes(-i * 10));
            call.Billable = i < 40;
            call.Outcome = i < 40 ? UsageOutcome.Served : UsageOutcome.Refused;
            journal.Append(call);
        }
        journal.SealTotals();
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        return journal;
    }
}
