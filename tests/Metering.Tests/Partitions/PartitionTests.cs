using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Foundation;

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
        await new WatchDefaultPartition(db.Database, NullLogger<WatchDefaultPartition>.Instance).RunAsync(Cancellation);
        var job = new EnsureRequestLogPartitions(db.Database, db.Clock);
        await job.RunAsync(Cancellation);
        await job.RunAsync(Cancellation);
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
    public async Task Drop_YoungMonth_IsRefusedByTheDatabase()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var refused = await Should.ThrowAsync<Npgsql.PostgresException>(() =>
            db.Database.AsWorkerAsync(s => s.QuerySingleAsync<bool>("SELECT metering.drop_partition(current_date)"), Cancellation));
        refused.SqlState.ShouldBe("55000");
    }

    private static DropOldRequestLog Job(MeteringDatabase db, IPartitionDropCheck check) =>
        new(db.Database, [check], new ConfigurationBuilder().Build(), db.Clock, NullLogger<DropOldRequestLog>.Instance);

    private sealed class Keep : IPartitionDropCheck
    {
        public string? Reason { get; set; } = "an invoice is not final";

        public Task<string?> ReasonToKeepAsync(DbSession session, DateOnly month) => Task.FromResult(Reason);
    }
}
