using Tollgate.Foundation;
using Tollgate.Metering.Tests.Usage;

namespace Tollgate.Metering.Tests.Reports;

public sealed class ReportExactlyOnceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Report_TheSameIdFiftyTimesAtOnce_CountsOnce()
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        server.Subscriptions.Add(1);
        for (var round = 0; round < 3; round++)
        {
            var verdicts = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => server.ReportAsync(Reporting.Event(meter, $"{round}", 7))));
            verdicts.Count(one => one[0] == "accepted").ShouldBe(1);
            verdicts.Count(one => one[0] == "duplicate").ShouldBe(49);
        }
        await server.Db.ShouldSumToAsync(21);
    }

    [Fact]
    public async Task Report_OverlappingBatchesInEveryOrder_CountEachEventOnce()
    {
        await using var server = await UsageServer.StartAsync();
        var meters = new[] { await server.DeclareAsync("a"), await server.DeclareAsync("b") };
        for (var subscription = 1; subscription <= 5; subscription++)
            server.Subscriptions.Add(subscription);
        var events = Enumerable.Range(0, 200).Select(i => Reporting.Event(meters[i % 2], $"{i}", 1 + i, 1 + i % 5)).ToArray();
        var random = new Random(4711);
        var batches = Enumerable.Range(0, 24).Select(_ => events.OrderBy(_ => random.Next()).Take(120).ToArray()).Append(events).ToList();
        var verdicts = (await Task.WhenAll(batches.Select(batch => server.ReportAsync(batch)))).SelectMany(one => one).ToList();
        verdicts.Count(one => one == "accepted").ShouldBe(200);
        verdicts.ShouldAllBe(one => one == "accepted" || one == "duplicate");
        await server.Db.ShouldSumToAsync(Enumerable.Range(0, 200).Sum(i => 1L + i));
        (await server.Db.CountAsync("metering.reported_event")).ShouldBe(200);
    }

    [Fact]
    public async Task Report_WhoseWriteFails_IsNotKnownAndCountsWhenSentAgain()
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        server.Subscriptions.Add(1);
        await server.Db.ExecuteAsync("ALTER TABLE metering.usage_by_period ADD CONSTRAINT broken CHECK (amount < 5)");
        (await server.PostAsync("/api/usage/events", new[] { Reporting.Event(meter, "1", 9) }, type: Reporting.Batch)).Status.ShouldBe(System.Net.HttpStatusCode.InternalServerError);
        await server.Db.ShouldSumToAsync(0);
        (await server.Db.CountAsync("metering.reported_event")).ShouldBe(0);
        await server.Db.ExecuteAsync("ALTER TABLE metering.usage_by_period DROP CONSTRAINT broken");
        (await server.ReportAsync(Reporting.Event(meter, "1", 9))).ShouldBe(["accepted"]);
        await server.Db.ShouldSumToAsync(9);
    }

    [Fact]
    public async Task Prune_ForgetsWhatCouldNotComeAgain_AndNothingElse()
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        server.Subscriptions.Add(1);
        await server.ReportAsync([.. Enumerable.Range(0, 4).Select(i => Reporting.Event(meter, $"{i}"))]);
        await server.Db.ExecuteAsync("UPDATE metering.reported_event SET created_at = now() - interval '61 days 1 minute' WHERE event_key = (SELECT event_key FROM metering.reported_event ORDER BY 1 LIMIT 1)");
        await server.Db.ExecuteAsync("UPDATE metering.reported_event SET created_at = now() - interval '60 days 5 minutes' WHERE event_key = (SELECT event_key FROM metering.reported_event ORDER BY 1 DESC LIMIT 1)");
        await new PruneReportedEvents(server.Db.Database, TimeProvider.System).RunAsync(Cancellation);
        (await server.Db.CountAsync("metering.reported_event")).ShouldBe(3);
        await server.Db.ShouldSumToAsync(4);
    }

    [Fact]
    public async Task Changes_CommittedOutOfOrder_NoneIsSkipped()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var reports = new Metering.Reports.ReportedUsageQuery();
        var (early, late) = (MeteringDatabase.Id(1), MeteringDatabase.Id(2));
        var mark = (await SinceAsync(null)).Mark;
        await using var connection = await db.Inner.OwnerOrSuperuser.OpenConnectionAsync(Cancellation);
        await using (var slow = await connection.BeginTransactionAsync(Cancellation))
        {
            // The first to begin is the last to commit.
            await using var command = new Npgsql.NpgsqlCommand(Change(early), connection, slow);
            await command.ExecuteNonQueryAsync(Cancellation);
            await db.ExecuteAsync(Change(late));
            var seen = await SinceAsync(mark);
            seen.SubscriptionIds.ShouldBe([late]);
            mark = seen.Mark;
            await slow.CommitAsync(Cancellation);
        }
        (await SinceAsync(mark)).SubscriptionIds.ShouldContain(early);
        // Other databases of the same server may keep the mark back for a while.
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while ((await SinceAsync(mark)) is { SubscriptionIds.Count: > 0 } again)
        {
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue("nothing was written, yet changes are named");
            mark = again.Mark;
        }

        Task<ReportedChanges> SinceAsync(long? since) => db.Database.AsWorkerAsync(session => reports.SinceAsync(session, since), Cancellation);
        static string Change(Guid id) => $"INSERT INTO metering.reported_change VALUES ('{id}', pg_current_xact_id()) ON CONFLICT (subscription_id) DO UPDATE SET changed = excluded.changed";
    }

    [Fact]
    public async Task Aggregate_TheHoursAgain_KeepsWhatWasReported_AndReconcilingFindsWhatIsAltered()
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        server.Subscriptions.Add(1);
        var now = TimeProvider.System.GetUtcNow();
        await server.ReportAsync([.. Enumerable.Range(0, 30).Select(i => Reporting.Event(meter, $"{i}", i, time: now.AddHours(-i)))]);
        server.Journal.Append(server.Db.Call());
        await server.ShipAsync();
        var before = await server.Db.RowsAsync("SELECT * FROM metering.meter_hourly");
        await server.Db.Database.AsWorkerAsync(session => session.QuerySingleAsync<long>("SELECT metering.aggregate_hourly_usage(now() - interval '40 hours', now())"), Cancellation);
        (await server.Db.RowsAsync("SELECT * FROM metering.meter_hourly")).ShouldBe(before);
        await server.Db.ShouldSumToAsync(435);

        await BalancedAsync(true);
        await server.Db.ExecuteAsync("UPDATE metering.meter_hourly SET amount = amount + 1 WHERE meter LIKE 'x.%' AND hour = (SELECT max(hour) FROM metering.meter_hourly)");
        (await BalancedAsync(false)).Differences.ShouldHaveSingleItem().Finding.ShouldBe(ReconciliationFinding.ReportedAndRollupDiffer);
        await server.Db.ExecuteAsync("DELETE FROM metering.reported_usage WHERE amount = 29");
        (await BalancedAsync(false)).Differences.Select(one => one.Finding).Distinct().ShouldBe([ReconciliationFinding.PeriodUsageAltered, ReconciliationFinding.ReportedAndRollupDiffer], ignoreOrder: true);

        async Task<ReconciliationReport> BalancedAsync(bool balanced)
        {
            var report = await server.Reconciliation.RunAsync(now.AddDays(-20), now.AddHours(1), Cancellation);
            report.Balanced.ShouldBe(balanced, report.ToText());
            return report;
        }
    }
}
