using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Foundation;
using Tollgate.Metering.Partitions;

namespace Tollgate.Metering.Tests.Partitions;

public class PartitionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2027-12-31T23:59:59.999999Z", "request_log_2027_12", "2028-01-01T00:00:00Z", "request_log_2028_01")]
    [InlineData("2028-02-29T12:00:00Z", "request_log_2028_02", "2028-02-29T23:59:59.999999Z", "request_log_2028_02")]
    [InlineData("2028-02-29T23:59:59.999999Z", "request_log_2028_02", "2028-03-01T00:00:00Z", "request_log_2028_03")]
    [InlineData("2030-04-30T23:00:00Z", "request_log_2030_04", "2030-05-01T00:00:00Z", "request_log_2030_05")]
    public async Task Ship_AcrossTheEndOfAMonth_LandsInItsMonth(string first, string firstPartition, string second, string secondPartition)
    {
        var (before, after) = (DateTimeOffset.Parse(first), DateTimeOffset.Parse(second));
        await using var db = await MeteringDatabase.CreateAsync(before);
        await new EnsureRequestLogPartitions(db.Database, db.Clock).RunAsync(Cancellation);
        var journal = new MemoryJournal();
        journal.Append(db.Call(at: before));
        db.Clock.UtcNow = after;
        journal.Append(db.Call(at: after));
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        (await db.RowsAsync("SELECT tableoid::regclass FROM metering.request_log ORDER BY at")).ShouldBe([$"(metering.{firstPartition})", $"(metering.{secondPartition})"]);
        (await db.RowsAsync("SELECT hour::text, requests FROM metering.usage_hourly")).Count.ShouldBe(before.Hour == after.Hour && before.Date == after.Date ? 1 : 2);
    }

    [Fact]
    public async Task Ensure_RowsInTheDefaultPartition_AreMovedIntoTheirMonth()
    {
        var now = DateTimeOffset.Parse("2031-06-15T10:00:00Z");
        await using var db = await MeteringDatabase.CreateAsync(now);
        var journal = new MemoryJournal();
        for (var i = 0; i < 5; i++)
            journal.Append(db.Call(at: now.AddDays(-i)));
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        (await db.CountAsync("metering.request_log_default")).ShouldBe(5);
        (await db.Database.AsWorkerAsync(s => s.QuerySingleAsync<long>("SELECT metering.default_partition_rows()"), Cancellation)).ShouldBe(5);
        var watch = new WatchDefaultPartition(db.Database, NullLogger<WatchDefaultPartition>.Instance);
        await watch.RunAsync(Cancellation);
        var alarmed = await new DefaultPartitionHealth(watch).CheckHealthAsync(new HealthCheckContext(), Cancellation);
        alarmed.Status.ShouldBe(HealthStatus.Degraded);
        alarmed.Description!.ShouldStartWith("5 usage events");
        var job = new EnsureRequestLogPartitions(db.Database, db.Clock);
        await job.RunAsync(Cancellation);
        await job.RunAsync(Cancellation);
        await watch.RunAsync(Cancellation);
        (await new DefaultPartitionHealth(watch).CheckHealthAsync(new HealthCheckContext(), Cancellation)).Status.ShouldBe(HealthStatus.Healthy);
        (await db.CountAsync("metering.request_log_default")).ShouldBe(0);
        (await db.CountAsync("metering.request_log_2031_06")).ShouldBe(5);
        (await db.CountAsync("metering.request_log")).ShouldBe(5);
    }

    [Fact]
    public async Task Drop_MonthPastRetention_GoesUnlessACheckKeepsIt()
    {
        var now = DateTimeOffset.Parse("2031-06-15T10:00:00Z");
        await using var db = await MeteringDatabase.CreateAsync(now);
        await new EnsureRequestLogPartitions(db.Database, db.Clock).RunAsync(Cancellation);
        var months = await db.CountAsync("metering.request_log_month WHERE dropped_at IS NULL");
        db.Clock.UtcNow = now.AddMonths(14);
        var keep = new Keep();
        var job = Job(db, keep);
        await job.RunAsync(Cancellation);
        (await db.CountAsync("metering.request_log_month WHERE dropped_at IS NULL")).ShouldBe(months);
        keep.Reason = null;
        await job.RunAsync(Cancellation);
        // Kept: 13 whole months before the running one.
        (await db.RowsAsync("SELECT month FROM metering.request_log_month WHERE dropped_at IS NULL AND month < '2031-08-01'")).ShouldBe(["(2031-07-01)"]);
        (await db.ScalarAsync<bool>("SELECT to_regclass('metering.request_log_2031_06') IS NULL")).ShouldBeTrue();
    }

    [Fact]
    public async Task Jobs_OverALeapYearAndTwoTurnsOfTheYear_EveryMonthIsMadeAheadAndGoesWhenItsTimeIsOver()
    {
        var now = DateTimeOffset.Parse("2027-11-30T23:59:59.999999Z");
        await using var db = await MeteringDatabase.CreateAsync(now);
        var (ensure, drop) = (new EnsureRequestLogPartitions(db.Database, db.Clock), Job(db));
        var journal = new MemoryJournal();
        using var shipper = db.Shipper(journal);
        var months = 0;
        for (var month = DateTimeOffset.Parse("2027-12-01T00:00:00Z"); month <= DateTimeOffset.Parse("2029-04-01T00:00:00Z"); month = month.AddMonths(1), months++)
        {
            // The last microsecond of one month and the first of the next.
            await ensure.RunAsync(Cancellation);
            journal.Append(db.Call(at: db.Clock.UtcNow));
            await shipper.ShipNowAsync(Cancellation);
            (await db.ScalarAsync<DateTime>($"SELECT max(at) FROM metering.request_log_{db.Clock.UtcNow:yyyy_MM}")).ShouldBe(db.Clock.UtcNow.UtcDateTime);
            db.Clock.UtcNow = month;
            journal.Append(db.Call(at: month));
            await shipper.ShipNowAsync(Cancellation);
            await ensure.RunAsync(Cancellation);
            await drop.RunAsync(Cancellation);
            (await db.ScalarAsync<bool>($"SELECT to_regclass('metering.request_log_{month.AddMonths(3):yyyy_MM}') IS NOT NULL")).ShouldBeTrue($"three months ahead of {month:yyyy-MM}");
            db.Clock.UtcNow = month.AddMonths(1).AddTicks(-10);
        }
        (await db.CountAsync("metering.request_log_default")).ShouldBe(0);
        // In April 2029 the 13 whole months from March 2028 on are there, and the running one.
        (await db.RowsAsync("SELECT DISTINCT to_char(at, 'YYYY-MM') FROM metering.request_log ORDER BY 1"))[0].ShouldBe("(2028-03)");
        (await db.RowsAsync("SELECT count(*) FROM metering.request_log_month WHERE dropped_at IS NOT NULL AND month >= '2027-11-01'")).ShouldBe(["(4)"]);
        // What was dropped is still in the sums.
        (await db.ScalarAsync<decimal>("SELECT sum(requests) FROM metering.usage_daily")).ShouldBe(2 * months);
    }

    [Fact]
    public async Task Drop_WhileTheShipperWrites_TakesTheOldMonthAndNothingElse()
    {
        await using var db = await MeteringDatabase.CreateAsync(DateTimeOffset.Parse("2031-06-15T10:00:00Z"));
        await new EnsureRequestLogPartitions(db.Database, db.Clock).RunAsync(Cancellation);
        db.Clock.UtcNow = db.Clock.UtcNow.AddMonths(14);
        await new EnsureRequestLogPartitions(db.Database, db.Clock).RunAsync(Cancellation);
        var journal = new MemoryJournal();
        using var shipper = db.Shipper(journal);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var shipped = 0;
        var writing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                journal.Append(db.Call(at: db.Clock.UtcNow));
                await shipper.ShipNowAsync(Cancellation);
                Interlocked.Increment(ref shipped);
            }
        }, Cancellation);
        while (Volatile.Read(ref shipped) < 5)
            await Task.Delay(5, Cancellation);
        await Job(db).RunAsync(Cancellation);
        for (var goal = Volatile.Read(ref shipped) + 5; Volatile.Read(ref shipped) < goal;)
            await Task.Delay(5, Cancellation);
        await stop.CancelAsync();
        await writing;
        (await db.ScalarAsync<bool>("SELECT to_regclass('metering.request_log_2031_06') IS NULL")).ShouldBeTrue();
        (await db.CountAsync("metering.request_log")).ShouldBe(shipped);
        (await db.CountAsync("metering.rejected_record")).ShouldBe(0);
    }

    [Fact]
    public async Task Drop_MonthIsBeingRead_GivesWayToTheShipperAndTriesAgainAtTheNextRun()
    {
        await using var db = await MeteringDatabase.CreateAsync(DateTimeOffset.Parse("2031-06-15T10:00:00Z"));
        await new EnsureRequestLogPartitions(db.Database, db.Clock).RunAsync(Cancellation);
        // Those of the years before go now: each month that cannot be dropped is tried for five seconds.
        await Job(db).RunAsync(Cancellation);
        db.Clock.UtcNow = db.Clock.UtcNow.AddMonths(13);
        await new EnsureRequestLogPartitions(db.Database, db.Clock).RunAsync(Cancellation);
        await using (var reader = await db.Inner.OwnerOrSuperuser.OpenConnectionAsync(Cancellation))
        await using (var reading = await reader.BeginTransactionAsync(Cancellation))
        {
            await using (var look = new Npgsql.NpgsqlCommand("SELECT count(*) FROM metering.request_log", reader, reading))
                await look.ExecuteScalarAsync(Cancellation);
            var dropping = Job(db).RunAsync(Cancellation);
            var journal = new MemoryJournal();
            journal.Append(db.Call(at: db.Clock.UtcNow));
            using var shipper = db.Shipper(journal);
            await shipper.ShipNowAsync(Cancellation);
            await dropping;
            (await db.CountAsync("metering.request_log")).ShouldBe(1);
            (await db.ScalarAsync<bool>("SELECT to_regclass('metering.request_log_2031_05') IS NULL")).ShouldBeFalse();
        }
        await Job(db).RunAsync(Cancellation);
        (await db.ScalarAsync<bool>("SELECT to_regclass('metering.request_log_2031_05') IS NULL")).ShouldBeTrue();
    }

    [Fact]
    public async Task Drop_YoungMonth_IsRefusedByTheDatabase()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var refused = await Should.ThrowAsync<Npgsql.PostgresException>(() =>
            db.Database.AsWorkerAsync(s => s.QuerySingleAsync<bool>("SELECT metering.drop_partition(current_date)"), Cancellation));
        refused.SqlState.ShouldBe("55000");
    }

    private static DropOldRequestLog Job(MeteringDatabase db, params IPartitionDropCheck[] checks) =>
        new(db.Database, checks, new ConfigurationBuilder().Build(), db.Clock, NullLogger<DropOldRequestLog>.Instance);

    private sealed class Keep : IPartitionDropCheck
    {
        public string? Reason { get; set; } = "an invoice is not final";

        public Task<string?> ReasonToKeepAsync(DbSession session, DateOnly month) => Task.FromResult(Reason);
    }
}
