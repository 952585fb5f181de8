using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Foundation.Changes;
using Tollgate.Foundation.Postgres;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Changes;

/// <summary>A handler that has its snapshot on disk, before and after the database answers.</summary>
public sealed class StoredSnapshotTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private TestDatabase _db = null!;

    public async ValueTask InitializeAsync()
    {
        _db = await TestDatabase.CreateAsync();
        await ExecuteAsync("""
            CREATE SCHEMA trial;
            CREATE TABLE trial.thing (id uuid PRIMARY KEY);
            CREATE CONSTRAINT TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON trial.thing
              DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('thing');
            """);
    }

    public ValueTask DisposeAsync() => _db.DisposeAsync();

    private sealed class Stored(FeedPlace? place) : IStoredChangeHandler
    {
        public List<Guid> Applied { get; } = [];

        public int Loads { get; private set; }

        public FeedPlace? Place { get; private set; }

        public IReadOnlyCollection<string> Topics => ["thing"];

        public Task<FeedPlace?> RestoreAsync(CancellationToken cancellation) => Task.FromResult(place);

        public Task LoadAsync(CancellationToken cancellation)
        {
            Loads++;
            return Task.CompletedTask;
        }

        public Task ApplyAsync(IReadOnlyList<Change> changes, CancellationToken cancellation)
        {
            Applied.AddRange(changes.Select(change => change.Id));
            return Task.CompletedTask;
        }

        public bool CannotKeep { get; set; }

        public void Reached(FeedPlace reached) => Place = CannotKeep ? throw new InvalidOperationException("It cannot be kept.") : reached;
    }

    /// <summary>The database answers when the test says so.</summary>
    private sealed class Away : IDatabaseStartup
    {
        public TaskCompletionSource Back { get; } = new();

        public Task LaunchAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task EnsureReadyAsync(CancellationToken cancellation) => Back.Task.WaitAsync(cancellation);

        public Task AttachAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task<string> StartServerAsync(CancellationToken cancellation) => Task.FromResult("");

        public Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<string>>([]);
    }

    [Fact]
    public async Task Start_DatabaseAway_IsReadyFromDiskAndHearsLaterWhatItMissed()
    {
        await InsertAsync(Id(1));
        var place = await PlaceAsync();
        await InsertAsync(Id(2));
        var away = new Away();
        var stored = new Stored(place);
        using var feed = Feed(away, stored);

        await feed.StartAsync(CancellationToken.None);
        feed.Ready.ShouldBeTrue();
        feed.AppliedVersion.ShouldBe(place.Version);
        stored.Applied.ShouldBeEmpty();

        away.Back.SetResult();
        await Wait.UntilAsync(() => stored.Place is not null, "the round after the database is back");
        stored.Applied.ShouldBe([Id(2)]);
        stored.Loads.ShouldBe(0);
        stored.Place!.Version.ShouldBe(feed.AppliedVersion);
        stored.Place.Feed.ShouldBe(place.Feed);
        stored.Place.FreshAt.ShouldBe(_clock.GetUtcNow());
        await feed.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Follow_NothingNewAndThePlaceCannotBeKept_IsNotCurrentAndTriesAgain()
    {
        await InsertAsync(Id(1));
        var stored = new Stored(await PlaceAsync());
        using var feed = Feed(new Away(), stored);
        await feed.StartAsync(CancellationToken.None);
        await feed.CatchUpAsync(CancellationToken.None);
        stored.CannotKeep = true;
        _clock.Advance(TimeSpan.FromSeconds(30));
        await feed.CatchUpAsync(CancellationToken.None);
        feed.Staleness.ShouldBe(TimeSpan.FromSeconds(30));

        stored.CannotKeep = false;
        await feed.CatchUpAsync(CancellationToken.None);
        feed.Staleness.ShouldBe(TimeSpan.Zero);
        stored.Place!.FreshAt.ShouldBe(_clock.GetUtcNow());
        (stored.Loads, stored.Applied.Count).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Follow_FeedIsAnotherDatabases_LoadsEverything()
    {
        await InsertAsync(Id(1));
        var stored = new Stored((await PlaceAsync()) with { Feed = Id(99) });
        using var feed = Feed(new Away(), stored);
        await feed.StartAsync(CancellationToken.None);
        await feed.CatchUpAsync(CancellationToken.None);
        stored.Loads.ShouldBe(1);
        stored.Place!.Feed.ShouldBe((await PlaceAsync()).Feed);
    }

    [Fact]
    public async Task Follow_VersionIsNewerThanTheDatabase_LoadsEverything()
    {
        var place = await PlaceAsync();
        var stored = new Stored(place with { Version = place.Version + 100 });
        using var feed = Feed(new Away(), stored);
        await feed.StartAsync(CancellationToken.None);
        await feed.CatchUpAsync(CancellationToken.None);
        stored.Loads.ShouldBe(1);
        feed.AppliedVersion.ShouldBe(place.Version);
    }

    [Fact]
    public async Task Readiness_SnapshotGrowsOld_TellsTheAgeAndEndsAtTheGreatestOne()
    {
        var place = await PlaceAsync();
        using var feed = Feed(new Away(), new Stored(place with { FreshAt = _clock.GetUtcNow().AddHours(-2) }));
        await feed.StartAsync(CancellationToken.None);
        (await CheckAsync(feed)).Description.ShouldBe("stale snapshot of age 7200 s: the database does not answer.");
        (await CheckAsync(feed)).Status.ShouldBe(HealthStatus.Healthy);
        _clock.Advance(TimeSpan.FromHours(23));
        feed.TooStale.ShouldBeTrue();
        (await CheckAsync(feed)).Status.ShouldBe(HealthStatus.Unhealthy);
        await feed.CatchUpAsync(CancellationToken.None);
        (await CheckAsync(feed)).ShouldBe(HealthCheckResult.Healthy());
    }

    [Fact]
    public async Task Restore_ClockWentBack_IsNoYoungerThanNew()
    {
        using var feed = Feed(new Away(), new Stored((await PlaceAsync()) with { FreshAt = _clock.GetUtcNow().AddHours(3) }));
        await feed.StartAsync(CancellationToken.None);
        feed.Staleness.ShouldBe(TimeSpan.Zero);
    }

    private static Task<HealthCheckResult> CheckAsync(ChangeFeed feed) => new ChangeFeedReadiness(feed).CheckHealthAsync(new HealthCheckContext());

    private ChangeFeed Feed(IDatabaseStartup startup, IChangeHandler handler) => new(
        (Database)_db.Database, _db.Sources, startup, new ServiceCollection().AddSingleton(handler).BuildServiceProvider(), new SnapshotOptions(TimeSpan.FromDays(1)), _clock,
        NullLogger<ChangeFeed>.Instance);

    private async Task<FeedPlace> PlaceAsync()
    {
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        var feed = await connection.QuerySingleAsync<Guid>("SELECT feed FROM foundation.change_horizon");
        return new FeedPlace(feed, await connection.QuerySingleAsync<long>("SELECT coalesce(max(version), 0) FROM foundation.change"), _clock.GetUtcNow());
    }

    private static Guid Id(int number) => new(number, 0, 0, new byte[8]);

    private Task InsertAsync(Guid id) => ExecuteAsync($"INSERT INTO trial.thing (id) VALUES ('{id}')");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
