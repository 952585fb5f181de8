using Tollgate.Foundation;
using Tollgate.Metering.Shipping;
using Tollgate.Metering.Usage;

namespace Tollgate.Metering.Tests.Shipping;

public class ShipperTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ShipNow_Events_AreInLogRollupsAndPeriodOnce()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        for (var i = 0; i < 12_000; i++)
            journal.Append(db.Call(i % 3));
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        await shipper.ShipNowAsync(Cancellation);
        (await db.CountAsync("metering.request_log")).ShouldBe(12_000);
        (await db.ScalarAsync<decimal>("SELECT sum(requests) FROM metering.usage_hourly")).ShouldBe(12_000);
        (await db.ScalarAsync<decimal>("SELECT sum(requests) FROM metering.usage_daily")).ShouldBe(12_000);
        Latency.Unpack(await db.ScalarAsync<string>("SELECT sum(latencies)::text FROM metering.usage_hourly")).ShouldBe([KeyValuePair.Create(Latency.Bucket(12_000), 12_000L)]);
        (await db.ScalarAsync<decimal>("SELECT sum(amount) FROM metering.usage_by_period WHERE meter = 'requests'")).ShouldBe(12_000);
        (await db.ScalarAsync<long>("SELECT shipped_offset FROM metering.journal_position")).ShouldBe(journal.Tail);
        journal.Released.ShouldBe(journal.Tail);
    }

    [Fact]
    public async Task ShipNow_EveryField_IsInTheLog()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        var call = MeteringDatabase.WithAmounts(db.Call(), new MeterAmount(Meter.Requests.Code, 1), new MeterAmount(Meter.Actions.Code, 3));
        call.Outcome = UsageOutcome.ClientAborted;
        call.Path = (byte[])[.. "/a"u8, 0, 0xC3];
        journal.Append(call);
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        (await db.RowsAsync("SELECT method, path, status, outcome, billable, duration_us, upstream_us, bytes_in, bytes_out, country, host(client_address), meters, amounts, plan_version FROM metering.request_log"))
            .ShouldHaveSingleItem().ShouldBe("(GET,/a\uFFFD\uFFFD,200,4,t,12000,11000,120,2400,DE,192.168.1.2,\"{1,2}\",\"{1,3}\",1)");
        (await db.RowsAsync("SELECT meter, amount FROM metering.usage_by_period")).ShouldBe(["(actions,3)", "(requests,1)"]);
    }

    [Fact]
    public async Task ShipNow_StreamOpenAcrossRestart_IsLoggedOnceWhenItEnds()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        var call = db.Call();
        var begin = journal.Begin(call);
        var other = journal.Begin(db.Call(2));
        using (var first = db.Shipper(journal))
            await first.ShipNowAsync(Cancellation);
        (await db.CountAsync("metering.request_log")).ShouldBe(0);
        (await db.RowsAsync("SELECT open_begins FROM metering.journal_position")).ShouldBe([$"(\"{{{begin},{other}}}\")"]);
        journal.Checkpoint(begin);
        call.BytesOut = 99_999;
        journal.End(begin, call);
        using var second = db.Shipper(journal);
        await second.ShipNowAsync(Cancellation);
        (await db.RowsAsync("SELECT journal_offset, bytes_out FROM metering.request_log")).ShouldBe([$"({begin},99999)"]);
        (await db.RowsAsync("SELECT open_begins FROM metering.journal_position")).ShouldBe([$"({{{other}}})"]);
    }

    [Fact]
    public async Task ShipNow_EventOutsideTheRange_IsBilledByArrivalAndKeepsItsOwnTime()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        var now = db.Clock.UtcNow;
        DateTimeOffset[] times = [now.AddDays(-40).AddSeconds(-1), now.AddDays(-40), now.AddMinutes(5), now.AddMinutes(5).AddSeconds(1)];
        foreach (var time in times)
            journal.Append(db.Call(at: time));
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        (await db.RowsAsync("SELECT journal_offset, (at - started_at)::text FROM metering.request_log")).Select(r => r.Contains(",00:00:00)"))
            .ShouldBe([false, true, true, false]);
        (await db.CountAsync($"metering.request_log WHERE at = '{now:O}'")).ShouldBe(2);
    }

    [Fact]
    public async Task ShipNow_PoisonedRecords_ArePutAsideAndTheRestIsShipped()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        for (var i = 0; i < 300; i++)
        {
            var call = db.Call();
            if (i == 17)
                call.Outcome = (UsageOutcome)99;
            if (i == 211)
                call.StartMicros = long.MaxValue;
            journal.Append(call);
        }
        var begin = journal.Begin(db.Call());
        var end = db.Call();
        end.Outcome = (UsageOutcome)77;
        journal.End(begin, end);
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        (await db.CountAsync("metering.request_log")).ShouldBe(298);
        (await db.ScalarAsync<decimal>("SELECT sum(requests) FROM metering.usage_hourly")).ShouldBe(298);
        (await db.RowsAsync("SELECT kind, billable FROM metering.rejected_record")).ShouldBe(["(1,t)", "(1,t)", "(4,t)"]);
        (await db.ScalarAsync<string>("SELECT string_agg(record, '') FROM metering.rejected_record")).ShouldContain("/v1/moon"u8.ToArray().Aggregate("", (s, b) => s + b.ToString("X2")));
        (await db.RowsAsync("SELECT open_begins FROM metering.journal_position")).ShouldBe(["({})"]);
    }

    [Fact]
    public async Task Lag_WhileTheDatabaseIsAway_IsThereAndGoneAfterwards()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        journal.Append(db.Call());
        var database = new AwayDatabase(db.Database) { IsAway = true };
        using var shipper = db.Shipper(journal, database);
        await shipper.StartAsync(Cancellation);
        await UntilAsync(() => database.Refused > 1);
        (db.Metrics.Lag!() > 0).ShouldBeTrue();
        (db.Metrics.LagSeconds!() > 0).ShouldBeTrue();
        database.IsAway = false;
        await UntilAsync(() => db.Metrics.Lag!() == 0);
        db.Metrics.LagSeconds!().ShouldBe(0);
        (await db.CountAsync("metering.request_log")).ShouldBe(1);
        await shipper.StopAsync(Cancellation);
    }

    [Fact(Timeout = 60_000)]
    public async Task ShipSoon_AfterAShipping_WaitsForNoCompany()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        using var shipper = db.Shipper(journal, clock: db.Clock);
        await shipper.StartAsync(Cancellation);
        journal.Append(db.Call());
        await UntilLoggedAsync(db, 1, TimeSpan.FromSeconds(5));
        journal.Append(db.Call());
        shipper.ShipSoon();
        // Without it they wait for 800 ms.
        await UntilLoggedAsync(db, 2, TimeSpan.FromMilliseconds(400));
        db.Clock.Advance(TimeSpan.FromSeconds(1));
        await shipper.StopAsync(Cancellation);
    }

    // The clock goes on by no more than that.
    private static async Task UntilLoggedAsync(MeteringDatabase db, int events, TimeSpan most)
    {
        for (var gone = TimeSpan.Zero; await db.CountAsync("metering.request_log") < events; await Task.Delay(10, Cancellation))
            if (gone < most)
            {
                db.Clock.Advance(TimeSpan.FromMilliseconds(10));
                gone += TimeSpan.FromMilliseconds(10);
            }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(20, Cancellation);
    }

    private sealed class AwayDatabase(IDatabase inner) : IDatabase
    {
        private int _refused;

        public bool IsAway { get; set; }

        public int Refused => Volatile.Read(ref _refused);

        public Task<T> AsAppAsync<T>(TenantContext tenant, Func<DbSession, Task<T>> work, CancellationToken cancellation) => inner.AsAppAsync(tenant, work, cancellation);

        public Task<T> AsWorkerAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation) => inner.AsWorkerAsync(work, cancellation);

        public Task<T> AsIngestAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation)
        {
            if (!IsAway)
                return inner.AsIngestAsync(work, cancellation);
            Interlocked.Increment(ref _refused);
            throw new IOException("No server.");
        }
    }
}
