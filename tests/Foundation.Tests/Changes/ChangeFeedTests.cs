using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tollgate.Foundation.Changes;
using Tollgate.Foundation.Postgres;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Changes;

public sealed class ChangeFeedTests : IAsyncLifetime
{
    private TestDatabase _db = null!;

    public async ValueTask InitializeAsync()
    {
        _db = await TestDatabase.CreateAsync();
        await ExecuteAsync("""
            CREATE SCHEMA trial;
            CREATE TABLE trial.thing (id uuid PRIMARY KEY, name text, other_id uuid);
            CREATE CONSTRAINT TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON trial.thing
              DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('thing');
            CREATE CONSTRAINT TRIGGER record_other AFTER INSERT OR UPDATE OR DELETE ON trial.thing
              DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('other', 'other_id');
            GRANT USAGE ON SCHEMA trial TO tollgate_app;
            GRANT SELECT, INSERT, UPDATE, DELETE ON trial.thing TO tollgate_app;
            """);
    }

    public ValueTask DisposeAsync() => _db.DisposeAsync();

    private sealed class Recorder(params string[] topics) : IChangeHandler
    {
        public List<Change> Applied { get; } = [];

        public int Loads { get; private set; }

        public int FailuresToCome { get; set; }

        public Func<Task>? OnLoad { get; set; }

        public Func<Task>? OnApply { get; set; }

        public IReadOnlyCollection<string> Topics => topics;

        public async Task LoadAsync(CancellationToken cancellation)
        {
            Loads++;
            if (OnLoad is { } onLoad)
                await onLoad();
        }

        public async Task ApplyAsync(IReadOnlyList<Change> changes, CancellationToken cancellation)
        {
            if (OnApply is { } onApply)
                await onApply();
            if (FailuresToCome > 0)
            {
                FailuresToCome--;
                throw new InvalidOperationException("cannot apply");
            }
            lock (Applied)
                Applied.AddRange(changes);
        }

        public bool Has(Guid id)
        {
            lock (Applied)
                return Applied.Exists(change => change.Id == id);
        }
    }

    private sealed class AlreadyUp : IDatabaseStartup
    {
        public Task LaunchAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task EnsureReadyAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task AttachAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task<string> StartServerAsync(CancellationToken cancellation) => Task.FromResult("");

        public Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<string>>([]);
    }

    [Fact]
    public async Task CatchUp_AppRoleWrites_AppliesInCommitOrderOnce()
    {
        var recorder = new Recorder("thing");
        using var feed = Feed(recorder);
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Loads.ShouldBe(1);
        var (first, second) = (Id(1), Id(2));
        await InsertAsync(first);
        await InsertAsync(second);
        await feed.CatchUpAsync(CancellationToken.None);
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Applied.Select(change => change.Id).ShouldBe([first, second]);
        recorder.Applied.Select(change => change.Topic).Distinct().ShouldBe(["thing"]);
        feed.AppliedVersion.ShouldBe(recorder.Applied[^1].Version);
    }

    [Fact]
    public async Task CatchUp_TransactionsCommitInAnotherOrderThanTheyWrote_NoneIsSkipped()
    {
        var recorder = new Recorder("thing");
        using var feed = Feed(recorder);
        await feed.CatchUpAsync(CancellationToken.None);
        await using var one = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        await using var two = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        await using var early = await one.BeginTransactionAsync();
        await using var late = await two.BeginTransactionAsync();
        await one.ExecuteAsync("INSERT INTO trial.thing (id) VALUES (@id)", new { id = Id(10) }, early);
        await two.ExecuteAsync("INSERT INTO trial.thing (id) VALUES (@id)", new { id = Id(11) }, late);
        await late.CommitAsync();
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Applied.Select(change => change.Id).ShouldBe([Id(11)]);
        await early.CommitAsync();
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Applied.Select(change => change.Id).ShouldBe([Id(11), Id(10)]);
    }

    [Fact]
    public async Task Record_WhileAnotherCommitHoldsALowerVersion_WaitsSoThatNoneIsSkipped()
    {
        var recorder = new Recorder("thing");
        using var feed = Feed(recorder);
        await feed.CatchUpAsync(CancellationToken.None);
        await using var one = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        await using var slow = await one.BeginTransactionAsync();
        // Has its version already and is not committed: the moment in which a plain sequence would lose it.
        await one.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE; INSERT INTO trial.thing (id) VALUES (@id)", new { id = Id(20) }, slow);
        var fast = InsertAsync(Id(21));
        await Wait.UntilAsync(async () => await ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") > 0, "the second commit queues");
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Applied.ShouldBeEmpty();
        await slow.CommitAsync();
        await fast;
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Applied.Select(change => change.Id).ShouldBe([Id(20), Id(21)]);
    }

    [Fact]
    public async Task Feed_ListenerIsCut_FollowsOnAndListensAgain()
    {
        var recorder = new Recorder("thing");
        using var feed = Feed(recorder);
        await feed.StartAsync(CancellationToken.None);
        feed.Ready.ShouldBeTrue();
        await Wait.UntilAsync(() => feed.ListenerBackendId is not null, "a listener");
        var first = feed.ListenerBackendId!.Value;
        (await ScalarAsync<bool>($"SELECT pg_terminate_backend({first})")).ShouldBeTrue();
        await InsertAsync(Id(30));
        await Wait.UntilAsync(() => recorder.Has(Id(30)), "the change that was committed while nobody listened");
        await Wait.UntilAsync(() => feed.ListenerBackendId is { } again && again != first, "another listener");
        await InsertAsync(Id(31));
        await Wait.UntilAsync(() => recorder.Has(Id(31)), "the change after that");
        recorder.Applied.Select(change => change.Id).ShouldBe([Id(30), Id(31)]);
        recorder.Loads.ShouldBe(1);
        await feed.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Follow_HandlerFails_TriesTheSameChangesAgainAndOthersGoOn()
    {
        var broken = new Recorder("thing");
        var sound = new Recorder("thing");
        using var feed = Feed(broken, sound);
        await feed.CatchUpAsync(CancellationToken.None);
        broken.FailuresToCome = 2;
        await InsertAsync(Id(40));
        await feed.CatchUpAsync(CancellationToken.None);
        sound.Has(Id(40)).ShouldBeTrue();
        broken.Has(Id(40)).ShouldBeFalse();
        await feed.CatchUpAsync(CancellationToken.None);
        await feed.CatchUpAsync(CancellationToken.None);
        broken.Applied.Select(change => change.Id).ShouldBe([Id(40)]);
        sound.Applied.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Follow_FurtherBehindThanWhatIsKept_LoadsEverything()
    {
        var recorder = new Recorder("thing");
        using var feed = Feed(recorder);
        await feed.CatchUpAsync(CancellationToken.None);
        await InsertAsync(Id(50));
        await ExecuteAsync("UPDATE foundation.change SET at = at - interval '2 days'");
        await new FoundationPruning(_db.Database, TimeProvider.System, NullLogger<FoundationPruning>.Instance).RunAsync(CancellationToken.None);
        (await ScalarAsync<long>("SELECT count(*) FROM foundation.change")).ShouldBe(0);
        await InsertAsync(Id(51));
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Loads.ShouldBe(2);
        await InsertAsync(Id(52));
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Applied[^1].Id.ShouldBe(Id(52));
    }

    [Fact]
    public async Task Load_ChangeCommittedDuringTheLoad_IsAppliedAfterIt()
    {
        var recorder = new Recorder("thing") { OnLoad = () => InsertAsync(Id(60)) };
        using var feed = Feed(recorder);
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Has(Id(60)).ShouldBeTrue();
    }

    [Fact]
    public async Task Record_NamedColumnMovesToAnotherId_RecordsBoth()
    {
        var recorder = new Recorder("other");
        using var feed = Feed(recorder);
        await feed.CatchUpAsync(CancellationToken.None);
        await ExecuteAsync($"INSERT INTO trial.thing (id, other_id) VALUES ('{Id(70)}', '{Id(71)}')");
        await ExecuteAsync($"UPDATE trial.thing SET other_id = '{Id(72)}' WHERE id = '{Id(70)}'");
        await ExecuteAsync($"DELETE FROM trial.thing WHERE id = '{Id(70)}'");
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Applied.Select(change => change.Id).ShouldBe([Id(71), Id(72), Id(71), Id(72)]);
    }

    [Fact]
    public async Task CatchUp_InsideARequestsTransaction_HappensAfterItsCommit()
    {
        var recorder = new Recorder("thing");
        using var feed = Feed(recorder);
        await feed.CatchUpAsync(CancellationToken.None);
        await using var ambient = await ((Database)_db.Database).BeginAmbientAsync(TenantContext.Nobody, CancellationToken.None);
        await InsertAsync(Id(80));
        await feed.AfterCommitAsync(CancellationToken.None);
        recorder.Has(Id(80)).ShouldBeFalse();
        await ambient.CommitAsync(CancellationToken.None);
        recorder.Has(Id(80)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AfterCommit_HandlerHangs_IsWaitedForTwoSecondsOnly(bool inARequestsTransaction)
    {
        var hanging = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var recorder = new Recorder("thing");
        var clock = new ManualClock();
        using var feed = Feed(clock, recorder);
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.OnApply = () =>
        {
            entered.TrySetResult();
            return hanging.Task;
        };
        await using var ambient = inARequestsTransaction ? await ((Database)_db.Database).BeginAmbientAsync(TenantContext.Nobody, CancellationToken.None) : null;
        await InsertAsync(Id(81));
        var after = feed.AfterCommitAsync(CancellationToken.None);
        var waiting = ambient is null ? after : ambient.CommitAsync(CancellationToken.None);
        await entered.Task;
        clock.Advance(TimeSpan.FromSeconds(1.9));
        waiting.IsCompleted.ShouldBeFalse();

        clock.Advance(TimeSpan.FromSeconds(0.1));
        await waiting.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        recorder.Has(Id(81)).ShouldBeFalse();
        hanging.SetResult();
        await feed.CatchUpAsync(CancellationToken.None);
        recorder.Has(Id(81)).ShouldBeTrue();
    }

    [Fact]
    public async Task Record_AppRole_CannotWriteOrReadTheFeed()
    {
        foreach (var sql in (string[])["SELECT count(*) FROM foundation.change", "INSERT INTO foundation.change VALUES (1, 'x', gen_random_uuid())", "SELECT nextval('foundation.change_version')"])
            (await Should.ThrowAsync<PostgresException>(() => _db.Database.AsAppAsync(TenantContext.Nobody, session => session.ExecuteAsync(sql), CancellationToken.None)))
                .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, sql);
    }

    private ChangeFeed Feed(params IChangeHandler[] handlers) => Feed(TimeProvider.System, handlers);

    private ChangeFeed Feed(TimeProvider clock, params IChangeHandler[] handlers)
    {
        var services = new ServiceCollection();
        foreach (var handler in handlers)
            services.AddSingleton(handler);
        return new ChangeFeed((Database)_db.Database, _db.Sources, new AlreadyUp(), services.BuildServiceProvider(), new SnapshotOptions(TimeSpan.FromDays(1)), clock, NullLogger<ChangeFeed>.Instance);
    }

    private static Guid Id(int number) => new(number, 0, 0, new byte[8]);

    private Task InsertAsync(Guid id) => _db.Database.AsAppAsync(TenantContext.Nobody, session => session.ExecuteAsync("INSERT INTO trial.thing (id) VALUES (@id)", new { id }), CancellationToken.None);

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        return await connection.QuerySingleAsync<T>(sql);
    }
}
