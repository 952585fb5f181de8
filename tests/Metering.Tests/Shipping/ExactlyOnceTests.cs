using Tollgate.Foundation;
using Tollgate.Metering.Shipping;

namespace Tollgate.Metering.Tests.Shipping;

/// <summary>Whatever dies between any two steps: every event is in the log once, and the rollups are what the log says.</summary>
public class ExactlyOnceTests
{
    // Kills the connection that works, at the n-th time that a statement of a shipping transaction begins or ends, or at its commit. The count is a
    // sequence because that survives the rollback.
    private const string Bomb = """
        CREATE SEQUENCE public.step;
        CREATE TABLE public.fuse (step bigint);
        INSERT INTO public.fuse VALUES (-1);
        CREATE FUNCTION public.burn() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
          IF nextval('public.step') = (SELECT step FROM public.fuse) THEN
            PERFORM pg_terminate_backend(pg_backend_pid());
            PERFORM pg_sleep(1);
          END IF;
          RETURN NULL;
        END $$;
        DO $do$
        DECLARE t text;
        BEGIN
          FOREACH t IN ARRAY ARRAY['request_log', 'usage_hourly', 'usage_daily', 'meter_hourly', 'usage_by_period', 'gateway_counter', 'journal_position'] LOOP
            EXECUTE format('CREATE TRIGGER before_step BEFORE INSERT OR UPDATE ON metering.%I FOR EACH STATEMENT EXECUTE FUNCTION public.burn()', t);
            EXECUTE format('CREATE TRIGGER after_step AFTER INSERT OR UPDATE ON metering.%I FOR EACH STATEMENT EXECUTE FUNCTION public.burn()', t);
          END LOOP;
        END $do$;
        CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON metering.journal_position DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.burn();
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ship_ConnectionKilledAtEachStep_LogsEachEventOnce()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        await db.ExecuteAsync(Bomb);
        var journal = new MemoryJournal();
        var events = 0;
        var open = journal.Begin(db.Call());
        for (var step = 1; step <= 28; step++)
        {
            for (var i = 0; i < 3; i++, events++)
                journal.Append(db.Call(i));
            journal.End(open, db.Call());
            events++;
            open = journal.Begin(db.Call());
            journal.SealTotals();
            await db.ExecuteAsync($"UPDATE public.fuse SET step = (SELECT last_value + {step} FROM public.step)");
            using var shipper = db.Shipper(journal);
            await shipper.ShipNowAsync(Cancellation);
        }
        await ShouldBeExactAsync(db, events);
        (await db.ScalarAsync<decimal>("SELECT sum(billable) FROM metering.gateway_counter")).ShouldBe(events);
    }

    [Fact]
    public async Task Ship_AnswerOfTheCommitLost_LogsEachEventOnce()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        var lossy = new LossyDatabase(db.Database);
        using var shipper = db.Shipper(journal, lossy);
        for (var i = 0; i < 60; i++)
        {
            journal.Append(db.Call(i % 4));
            journal.SealTotals();
            lossy.LoseAnswers = i % 3;
            await shipper.ShipNowAsync(Cancellation);
        }
        await ShouldBeExactAsync(db, 60);
        (await db.ScalarAsync<decimal>("SELECT sum(billable) FROM metering.gateway_counter")).ShouldBe(60);
    }

    [Fact]
    public async Task Ship_TwoShippersAndKilledConnections_LogEachEventOnce()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        using var first = db.Shipper(journal);
        using var second = db.Shipper(journal);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var killer = KillAsync(db, stop.Token);
        for (var round = 0; round < 25; round++)
        {
            for (var i = 0; i < 200; i++)
                journal.Append(db.Call(i % 5));
            await Task.WhenAll(first.ShipNowAsync(Cancellation), second.ShipNowAsync(Cancellation));
        }
        await stop.CancelAsync();
        await killer;
        await ShouldBeExactAsync(db, 5000);
    }

    [Fact]
    public async Task Ship_PositionSetBack_LeavesOutWhatIsLogged()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        for (var i = 0; i < 40; i++)
            journal.Append(db.Call());
        journal.SealTotals();
        using (var shipper = db.Shipper(journal))
            await shipper.ShipNowAsync(Cancellation);
        await db.ExecuteAsync("UPDATE metering.journal_position SET shipped_offset = 64");
        for (var i = 0; i < 2; i++)
            journal.Append(db.Call());
        using var again = db.Shipper(journal);
        await again.ShipNowAsync(Cancellation);
        await ShouldBeExactAsync(db, 42);
        (await db.ScalarAsync<decimal>("SELECT sum(billable) FROM metering.gateway_counter")).ShouldBe(40);
    }

    [Fact]
    public async Task Ship_JournalShorterThanTheDatabaseSays_GoesOnAtItsEnd()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        journal.Append(db.Call());
        using (var shipper = db.Shipper(journal))
            await shipper.ShipNowAsync(Cancellation);
        await db.ExecuteAsync("UPDATE metering.journal_position SET shipped_offset = 100000");
        using var again = db.Shipper(journal);
        await again.ShipNowAsync(Cancellation);
        (await db.ScalarAsync<long>("SELECT shipped_offset FROM metering.journal_position")).ShouldBe(journal.Tail);
        journal.Append(db.Call());
        await again.ShipNowAsync(Cancellation);
        await ShouldBeExactAsync(db, 2);
    }

    [Fact]
    public async Task Stop_WithRecordsLeft_ShipsThemAndClosesTheJournal()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        using var shipper = db.Shipper(journal);
        await shipper.StartAsync(Cancellation);
        for (var i = 0; i < 500; i++)
            journal.Append(db.Call());
        await shipper.StopAsync(Cancellation);
        await ShouldBeExactAsync(db, 500);
        (await db.ScalarAsync<decimal>("SELECT sum(billable) FROM metering.gateway_counter")).ShouldBe(500);
        (await db.CountAsync("metering.journal_position WHERE closed_at IS NOT NULL")).ShouldBe(1);
    }

    private static async Task ShouldBeExactAsync(MeteringDatabase db, int events)
    {
        (await db.CountAsync("metering.request_log")).ShouldBe(events);
        (await db.CountAsync("(SELECT DISTINCT journal_id, journal_offset FROM metering.request_log) ids")).ShouldBe(events);
        foreach (var sum in new[] { "sum(requests) FROM metering.usage_hourly", "sum(calls) FROM metering.usage_daily", "sum(amount) FROM metering.usage_by_period", "sum(amount) FROM metering.meter_hourly" })
            (await db.ScalarAsync<decimal>($"SELECT {sum}")).ShouldBe(events, sum);
    }

    private static async Task KillAsync(MeteringDatabase db, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await db.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tollgate_ingest' AND random() < 0.5");
            await Task.Delay(60, CancellationToken.None);
        }
    }

    /// <summary>Commits, and then says that the connection broke.</summary>
    private sealed class LossyDatabase(IDatabase inner) : IDatabase
    {
        public int LoseAnswers { get; set; }

        public Task<T> AsAppAsync<T>(TenantContext tenant, Func<DbSession, Task<T>> work, CancellationToken cancellation) => inner.AsAppAsync(tenant, work, cancellation);

        public Task<T> AsWorkerAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation) => inner.AsWorkerAsync(work, cancellation);

        public async Task<T> AsIngestAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation)
        {
            var result = await inner.AsIngestAsync(work, cancellation);
            return LoseAnswers-- > 0 ? throw new IOException("The connection broke after the commit.") : result;
        }
    }
}
