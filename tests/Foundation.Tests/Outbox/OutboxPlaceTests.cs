using System.Text.Json;
using Dapper;
using Tollgate.Foundation.Outbox;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Outbox;

/// <summary>A handler's place in the outbox: it saves reading what was handled, and nothing is skipped for it.</summary>
public sealed class OutboxPlaceTests : OutboxTrial
{
    [Fact]
    public async Task Place_TransactionPublishedBeforeAndCommitsAfterIt_IsHandled()
    {
        await using var late = await OpenAsync();
        await PublishAsync(late.Session, "greeted", 1, "late");
        await PublishAsync("greeted", 1, "quick");
        await DrainAsync(new Handler("a"));
        (await EffectsAsync()).ShouldBe(["a quick"]);
        (await PlaceAsync("a")).ShouldBe(await NewestAsync());
        await late.CommitAsync();
        await DrainAsync(new Handler("a"));
        (await EffectsAsync()).ShouldBe(["a late", "a quick"]);
    }

    [Fact]
    public async Task Place_ManyPublishersAndNodesAtOnce_NothingIsSkippedAndNothingHandledTwice()
    {
        var publishing = Task.WhenAll(Enumerable.Range(0, 6).Select(async publisher =>
        {
            for (var i = 0; i < 40; i++)
            {
                await using var open = await OpenAsync();
                await PublishAsync(open.Session, "greeted", 1, $"{publisher} {i:00}");
                await Task.Delay(Random.Shared.Next(5));
                if (i % 10 != 0)
                    await open.CommitAsync();
            }
        }));
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            while (!publishing.IsCompleted)
                await DrainAsync(new Handler("a"));
        }));
        await publishing;
        await DrainAsync(new Handler("a"));
        (await EffectsAsync()).ShouldBe([.. from publisher in Enumerable.Range(0, 6) from i in Enumerable.Range(0, 40) where i % 10 != 0 select $"a {publisher} {i:00}"]);
        (await PlaceAsync("a")).ShouldBe(await NewestAsync());
    }

    [Fact]
    public async Task Place_EventBehindItFailed_IsTriedAgainUntilItIsHandled()
    {
        var failing = new Handler("a") { FailuresToCome = 2 };
        await PublishAsync("greeted", 1, "first");
        await DrainAsync(failing);
        await PublishAsync("greeted", 1, "second");
        (await DrainAsync(new Handler("a"))).ShouldBeFalse();
        (await PlaceAsync("a")).ShouldBe(await NewestAsync());
        Clock.Advance(TimeSpan.FromSeconds(3));
        await DrainAsync(failing);
        (await EffectsAsync()).ShouldBe(["a second"]);
        Clock.Advance(TimeSpan.FromSeconds(3));
        await DrainAsync(failing);
        (await EffectsAsync()).ShouldBe(["a second"], "the second wait is longer");
        Clock.Advance(TimeSpan.FromSeconds(2));
        await DrainAsync(failing);
        (await EffectsAsync()).ShouldBe(["a first", "a second"]);
    }

    [Fact]
    public async Task Place_AnotherNodeIsAtAnEvent_StaysBeforeIt()
    {
        await PublishAsync("greeted", 1, "Ada");
        await using var gate = await StatementGate.CloseAsync(Db, "trial.effect", "INSERT");
        var elsewhere = DrainAsync(new Handler("a"));
        await gate.UntilWaitingAsync(1);
        await DrainAsync(new Handler("a"));
        (await PlaceAsync("a")).ShouldBeNull();
        await gate.OpenAsync();
        await elsewhere;
        (await EffectsAsync()).ShouldBe(["a Ada"]);
        (await PlaceAsync("a")).ShouldBe(await NewestAsync());
    }

    [Fact]
    public async Task Place_NodeIsGoneInTheMiddle_EventIsHandledByAnother()
    {
        await PublishAsync("greeted", 1, "Ada");
        await using var gate = await StatementGate.CloseAsync(Db, "trial.effect", "INSERT");
        using var end = new CancellationTokenSource();
        var dying = Drainer(new Handler("a")).DrainAsync(end.Token);
        await gate.UntilWaitingAsync(1);
        await DrainAsync(new Handler("a"));
        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => dying);
        await gate.OpenAsync();
        await DrainAsync(new Handler("a"));
        (await EffectsAsync()).ShouldBe(["a Ada"]);
    }

    [Fact]
    public async Task Place_Restart_GoesOnAtIt()
    {
        await PublishAsync("greeted", 1, "before");
        await DrainAsync(new Handler("a"));
        var place = await PlaceAsync("a");
        place.ShouldBe(await NewestAsync());
        await DrainAsync(new Handler("a"));
        (await PlaceAsync("a")).ShouldBe(place);
        await PublishAsync("greeted", 1, "after");
        await DrainAsync(new Handler("a"));
        (await EffectsAsync()).ShouldBe(["a after", "a before"]);
    }

    [Fact]
    public async Task Place_NewOrRenamedHandler_GetsAllThatIsKept()
    {
        await PublishAsync("greeted", 1, "Ada");
        await DrainAsync(new Handler("a"));
        await PublishAsync("greeted", 1, "Bob");
        await DrainAsync(new Handler("a"), new Handler("b"));
        (await EffectsAsync()).ShouldBe(["a Ada", "a Bob", "b Ada", "b Bob"]);
    }

    [Fact]
    public async Task Place_HandlerOfAnotherTypeUnderTheSameName_HasItsOwn()
    {
        await PublishAsync("parted", 1, "Ada");
        await PublishAsync("greeted", 1, "Bob");
        await DrainAsync(new Handler("a"));
        await DrainAsync(new Handler("a", "parted"));
        (await EffectsAsync()).ShouldBe(["a Ada", "a Bob"]);
    }

    [Fact]
    public async Task Place_VersionTooNew_IsNotPassedUntilANewerNodeHasHandledIt()
    {
        await PublishAsync("greeted", 2, "new");
        await PublishAsync("greeted", 1, "old");
        await DrainAsync(new Handler("a"));
        (await EffectsAsync()).ShouldBe(["a old"]);
        (await PlaceAsync("a")).ShouldBeNull();
        await DrainAsync(new Handler("a", maximum: 2));
        (await EffectsAsync()).ShouldBe(["a new", "a old"]);
        (await PlaceAsync("a")).ShouldBe(await NewestAsync());
    }

    [Fact]
    public async Task Place_NewerNodeFailedOnItsVersion_AnOlderOneDoesNotTryIt()
    {
        await PublishAsync("greeted", 2, "new");
        await DrainAsync(new Handler("a", maximum: 2) { FailuresToCome = 1 });
        Clock.Advance(TimeSpan.FromSeconds(3));
        await DrainAsync(new Handler("a"));
        (await EffectsAsync()).ShouldBeEmpty();
        await DrainAsync(new Handler("a", maximum: 2));
        (await EffectsAsync()).ShouldBe(["a new"]);
    }

    // A node of the version before marks what it has handled, and failed on, and knows no place.
    [Fact]
    public async Task Place_NodeOfTheVersionBefore_WhatItDidIsNotDoneAgain()
    {
        foreach (var name in (string[])["handled there", "failed there", "open"])
            await PublishAsync("greeted", 1, name);
        await ExecuteAsync(Db, """
            INSERT INTO foundation.handled (handler, event_id, handled_at) SELECT 'a', id, now() FROM foundation.event WHERE payload ->> 'name' = 'handled there';
            INSERT INTO foundation.handled (handler, event_id, attempts, next_attempt_at, error) SELECT 'a', id, 1, at, 'died' FROM foundation.event WHERE payload ->> 'name' = 'failed there';
            """);
        await DrainAsync(new Handler("a"));
        (await EffectsAsync()).ShouldBe(["a failed there", "a open"]);
        (await PlaceAsync("a")).ShouldBe(await NewestAsync());
    }

    // As a dump is read in: rows first, then the triggers, and the sequences where they stood. Nothing in them is counted in transactions, which begin anew in another cluster.
    [Fact]
    public async Task Place_RestoredIntoAnotherDatabase_GoesOnAtIt()
    {
        await PublishAsync("greeted", 1, "failed");
        await DrainAsync(new Handler("a") { FailuresToCome = 1 });
        await PublishAsync("greeted", 1, "handled");
        await DrainAsync(new Handler("a"));
        await PublishAsync("greeted", 1, "open");
        await using var restored = await TestDatabase.CreateAsync();
        await CopyAsync(Db, restored);
        await ExecuteAsync(restored, "CREATE SCHEMA trial; CREATE TABLE trial.effect (handler text, event_id uuid, name text); GRANT USAGE ON SCHEMA trial TO tollgate_worker; GRANT INSERT ON trial.effect TO tollgate_worker");
        await restored.Database.AsAppAsync(TenantContext.Nobody, async session =>
        {
            await PublishAsync(session, "greeted", 1, "new");
            return true;
        }, CancellationToken.None);
        Clock.Advance(TimeSpan.FromSeconds(3));
        await Drainer(restored, new Handler("a")).DrainAsync(CancellationToken.None);
        await using var connection = await restored.OwnerOrSuperuser.OpenConnectionAsync();
        (await connection.QueryAsync<string>("SELECT name FROM trial.effect ORDER BY 1")).ShouldBe(["failed", "new", "open"]);
    }

    [Fact]
    public async Task Place_WhatItStoodAtWasPruned_NewEventsAreHandled()
    {
        await PublishAsync("greeted", 1, "before");
        await DrainAsync(new Handler("a"));
        await ExecuteAsync(Db, "DELETE FROM foundation.event");
        await PublishAsync("greeted", 1, "after");
        await DrainAsync(new Handler("a"));
        (await EffectsAsync()).ShouldBe(["a after", "a before"]);
    }

    [Fact]
    public async Task Publish_ChangesBeforeOrAfterIt_DoNotWaitForEachOther()
    {
        await ExecuteAsync(Db, """
            CREATE TABLE trial.thing (id uuid PRIMARY KEY);
            CREATE CONSTRAINT TRIGGER record_change AFTER INSERT ON trial.thing DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('thing');
            GRANT USAGE ON SCHEMA trial TO tollgate_app;
            GRANT INSERT ON trial.thing TO tollgate_app;
            """);
        const string Change = "INSERT INTO trial.thing VALUES (gen_random_uuid())";
        await using var one = await OpenAsync();
        await one.Session.ExecuteAsync(Change);
        await PublishAsync(one.Session, "greeted", 1, "one");
        await using var two = await OpenAsync();
        await PublishAsync(two.Session, "greeted", 1, "two");
        await two.Session.ExecuteAsync(Change);
        await using var holder = await Db.OwnerOrSuperuser.OpenConnectionAsync();
        await holder.ExecuteAsync("SELECT pg_advisory_lock(hashtextextended('foundation.change', 0))");
        // The first to wait is the first to go on: it has what comes first in it, and would wait for the other's.
        var first = one.CommitAsync();
        await LockWaits.UntilAsync(Db, 1, "the commit");
        var second = two.CommitAsync();
        await LockWaits.UntilAsync(Db, 2, "the commit");
        await holder.ExecuteAsync("SELECT pg_advisory_unlock_all()");
        await Task.WhenAll(first, second);
        await DrainAsync(new Handler("a"));
        (await EffectsAsync()).ShouldBe(["a one", "a two"]);
    }

    [Theory]
    [InlineData(200, 0, false)]
    [InlineData(20_000, 0, false)]
    [InlineData(20_000, 0, true)]
    [InlineData(20_000, 20_000, true)]
    public async Task Statements_ManyHandledEventsAreKept_ReadAFewPages(int kept, int open, bool analyzed)
    {
        const int Few = 40;
        IOutboxHandler[] handlers = [new Handler("a"), new Handler("b"), new Handler("c", "parted")];
        await KeepHandledAsync(kept);
        await PublishAsync("greeted", 1, "failed");
        await DrainAsync(new Handler("a") { FailuresToCome = 1 }, handlers[1], handlers[2]);
        var look = new { handlers = handlers.Select(handler => handler.Name).ToArray(), types = handlers.Select(handler => handler.EventType).ToArray(), now = Clock.GetUtcNow() };
        (await PagesAsync(OutboxDrainer.LookSql, look)).ShouldBeLessThan(Few);

        await ExecuteAsync(Db, PublishSql(open + 1));
        if (analyzed)
            await ExecuteAsync(Db, "VACUUM ANALYZE foundation.event, foundation.handled");
        (await PagesAsync(OutboxDrainer.LookSql, look)).ShouldBeLessThan(Few);
        foreach (var handler in handlers)
        {
            var place = await PlaceAsync(handler.Name);
            var asked = new { handler.Name, handler.EventType, handler.MaximumVersion, after = place, Place = place, now = Clock.GetUtcNow().AddSeconds(3) };
            foreach (var sql in (string[])[OutboxDrainer.NextSql, OutboxDrainer.AgainSql, OutboxDrainer.AdvanceSql])
                (await PagesAsync(sql, asked)).ShouldBeLessThan(Few, $"{handler.Name}: {sql}");
        }
    }

    private static string PublishSql(int events) =>
        $$"""INSERT INTO foundation.event (id, type, version, payload, at) SELECT gen_random_uuid(), CASE WHEN n % 2 = 1 THEN 'greeted' ELSE 'parted' END, 1, '{"name":"Ada"}', now() FROM generate_series(1, {{events}}) n""";

    private Task KeepHandledAsync(int kept) => ExecuteAsync(Db, $"""
        {PublishSql(kept)};
        INSERT INTO foundation.handled (handler, event_id, handled_at)
        SELECT h.name, e.id, now() FROM foundation.event e JOIN (VALUES ('a', 'greeted'), ('b', 'greeted'), ('c', 'parted')) h (name, type) ON h.type = e.type
        """);

    private Task<int> PagesAsync(string sql, object parameters) => Db.Database.AsWorkerAsync(async session =>
    {
        using var plan = JsonDocument.Parse(await session.QuerySingleAsync<string>($"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", parameters));
        var root = plan.RootElement[0].GetProperty("Plan");
        return root.GetProperty("Shared Hit Blocks").GetInt32() + root.GetProperty("Shared Read Blocks").GetInt32();
    }, CancellationToken.None);

    private static async Task CopyAsync(TestDatabase from, TestDatabase to)
    {
        await ExecuteAsync(to, "ALTER TABLE foundation.event DISABLE TRIGGER USER");
        await using var source = await from.OwnerOrSuperuser.OpenConnectionAsync();
        await using var target = await to.OwnerOrSuperuser.OpenConnectionAsync();
        foreach (var table in (string[])["event", "handled", "outbox_place"])
        {
            await using var rows = await source.BeginRawBinaryCopyAsync($"COPY foundation.{table} TO STDOUT (FORMAT binary)");
            await using var into = await target.BeginRawBinaryCopyAsync($"COPY foundation.{table} FROM STDIN (FORMAT binary)");
            await rows.CopyToAsync(into);
        }
        var stood = await source.ExecuteScalarAsync<long>("SELECT last_value FROM foundation.event_position_seq");
        await target.ExecuteAsync("SELECT setval('foundation.event_position_seq', @stood); ALTER TABLE foundation.event ENABLE TRIGGER USER", new { stood });
    }

    private async Task<long?> PlaceAsync(string handler)
    {
        await using var connection = await Db.OwnerOrSuperuser.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long?>("SELECT position FROM foundation.outbox_place WHERE handler = @handler", new { handler });
    }

    private async Task<long?> NewestAsync()
    {
        await using var connection = await Db.OwnerOrSuperuser.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long?>("SELECT max(position) FROM foundation.event");
    }

    /// <summary>A publisher's transaction that stays open until the test commits it; disposed before, it is undone.</summary>
    private sealed record Open(DbSession Session) : IAsyncDisposable
    {
        public Task CommitAsync() => Session.Transaction.CommitAsync();

        public async ValueTask DisposeAsync()
        {
            await Session.Transaction.DisposeAsync();
            await Session.Connection.DisposeAsync();
        }
    }

    private async Task<Open> OpenAsync()
    {
        var connection = await Db.Sources.App.OpenConnectionAsync();
        return new Open(new DbSession(connection, await connection.BeginTransactionAsync(), CancellationToken.None));
    }
}
