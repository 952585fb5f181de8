using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tollgate.Foundation.Outbox;
using Tollgate.Foundation.Postgres;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Outbox;

public sealed class OutboxTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private TestDatabase _db = null!;

    private sealed record Greeted(string Name);

    public async ValueTask InitializeAsync()
    {
        _db = await TestDatabase.CreateAsync();
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            CREATE SCHEMA trial;
            CREATE TABLE trial.effect (handler text, event_id uuid, name text);
            GRANT USAGE ON SCHEMA trial TO tollgate_worker;
            GRANT SELECT, INSERT ON trial.effect TO tollgate_worker;
            """);
    }

    public ValueTask DisposeAsync() => _db.DisposeAsync();

    private sealed class Handler(string name, string type = "greeted", int maximum = 1) : IOutboxHandler
    {
        public int FailuresToCome { get; set; }

        public string Name => name;

        public string EventType => type;

        public int MaximumVersion => maximum;

        public async Task HandleAsync(DbSession session, OutboxEvent @event)
        {
            await session.ExecuteAsync("INSERT INTO trial.effect VALUES (@name, @Id, @Who)", new { name, @event.Id, Who = @event.Read<Greeted>().Name });
            // After the effect, as a process that dies before its commit would.
            if (FailuresToCome-- > 0)
                throw new InvalidOperationException("died");
        }
    }

    [Fact]
    public async Task Drain_TwoHandlers_EachOnceInEffect()
    {
        await PublishAsync("greeted", 1, "Ada");
        var drainer = Drainer(new Handler("a"), new Handler("b"));
        await drainer.DrainAsync(CancellationToken.None);
        await drainer.DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["a Ada", "b Ada"]);
    }

    [Fact]
    public async Task Drain_ManyNodesAtOnce_EachEventOnce()
    {
        for (var i = 0; i < 40; i++)
            await PublishAsync("greeted", 1, $"{i:00}");
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Drainer(new Handler("a")).DrainAsync(CancellationToken.None)));
        // Whoever meets only locked rows stops; a last look sees to the rest.
        await Drainer(new Handler("a")).DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe([.. Enumerable.Range(0, 40).Select(i => $"a {i:00}")]);
    }

    [Fact]
    public async Task Drain_DiesBetweenEffectAndCommit_LeavesNothingAndTriesAgainLater()
    {
        await PublishAsync("greeted", 1, "Ada");
        var failing = new Handler("a") { FailuresToCome = 1 };
        var drainer = Drainer(failing, new Handler("b"));
        await drainer.DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["b Ada"]);
        await drainer.DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["b Ada"], "it waits before it tries again");
        _clock.Advance(TimeSpan.FromSeconds(3));
        await drainer.DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["a Ada", "b Ada"]);
    }

    [Fact]
    public async Task Drain_FailingEvent_DoesNotHoldUpTheNext()
    {
        await PublishAsync("greeted", 1, "first");
        await PublishAsync("greeted", 1, "second");
        await Drainer(new Handler("a") { FailuresToCome = 1 }).DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["a second"]);
    }

    [Fact]
    public async Task Drain_VersionTooNew_LeavesItToANewerNode()
    {
        await PublishAsync("greeted", 2, "Ada");
        await Drainer(new Handler("a")).DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBeEmpty();
        await Drainer(new Handler("a", maximum: 2)).DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["a Ada"]);
    }

    [Fact]
    public async Task Drain_NobodyHandlesIt_IsNoError()
    {
        await PublishAsync("unheard", 1, "Ada");
        (await Drainer(new Handler("a")).DrainAsync(CancellationToken.None)).ShouldBeFalse();
        (await Drainer().DrainAsync(CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Publish_TransactionIsRefused_NoEvent()
    {
        await _db.Database.AsAppAsync<Outcome<int>>(TenantContext.Nobody, async session =>
        {
            await new Foundation.Outbox.Outbox(_clock).PublishAsync(session, "greeted", 1, new Greeted("Ada"));
            return Failure.NotFound("thing");
        }, CancellationToken.None);
        await Drainer(new Handler("a")).DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Event_AppRole_CannotBeRead() =>
        (await Should.ThrowAsync<PostgresException>(() => _db.Database.AsAppAsync(TenantContext.Nobody, session => session.QueryAsync<string>("SELECT payload FROM foundation.event"), CancellationToken.None)))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);

    [Fact]
    public async Task Pruning_HandledGoes_OpenStays()
    {
        await PublishAsync("greeted", 1, "done");
        await Drainer(new Handler("a")).DrainAsync(CancellationToken.None);
        await PublishAsync("greeted", 1, "open");
        await Drainer(new Handler("a") { FailuresToCome = 1 }).DrainAsync(CancellationToken.None);
        _clock.Advance(TimeSpan.FromDays(8));
        await new FoundationPruning(_db.Database, _clock, NullLogger<FoundationPruning>.Instance).RunAsync(CancellationToken.None);
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        (await connection.QueryAsync<string>("SELECT payload ->> 'name' FROM foundation.event")).ShouldBe(["open"]);
    }

    private Task PublishAsync(string type, int version, string name) => _db.Database.AsAppAsync(TenantContext.Nobody, async session =>
    {
        await new Foundation.Outbox.Outbox(_clock).PublishAsync(session, type, version, new Greeted(name));
        return true;
    }, CancellationToken.None);

    private async Task<string[]> EffectsAsync()
    {
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>("SELECT handler || ' ' || name FROM trial.effect ORDER BY 1")];
    }

    private OutboxDrainer Drainer(params IOutboxHandler[] handlers)
    {
        var services = new ServiceCollection();
        foreach (var handler in handlers)
            services.AddSingleton(handler);
        return new OutboxDrainer((Database)_db.Database, _db.Sources, null!, services.BuildServiceProvider(), _clock, NullLogger<OutboxDrainer>.Instance);
    }
}
