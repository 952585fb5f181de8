using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Foundation.Outbox;
using Tollgate.Foundation.Postgres;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Outbox;

/// <summary>An outbox of the test's own, handlers that write down what they did, and as many nodes as it takes: each drainer is one.</summary>
public abstract class OutboxTrial : IAsyncLifetime
{
    private protected ManualClock Clock { get; } = new();

    private protected TestDatabase Db { get; private set; } = null!;

    private protected sealed record Greeted(string Name);

    public async ValueTask InitializeAsync()
    {
        Db = await TestDatabase.CreateAsync();
        await ExecuteAsync(Db, """
            CREATE SCHEMA trial;
            CREATE TABLE trial.effect (handler text, event_id uuid, name text);
            GRANT USAGE ON SCHEMA trial TO tollgate_worker;
            GRANT SELECT, INSERT ON trial.effect TO tollgate_worker;
            """);
    }

    public async ValueTask DisposeAsync()
    {
        await Db.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected sealed class Handler(string name, string type = "greeted", int maximum = 1) : IOutboxHandler
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

    private protected Task PublishAsync(string type, int version, string name) => Db.Database.AsAppAsync(TenantContext.Nobody, async session =>
    {
        await PublishAsync(session, type, version, name);
        return true;
    }, CancellationToken.None);

    private protected Task PublishAsync(DbSession session, string type, int version, string name) => new Foundation.Outbox.Outbox(Clock).PublishAsync(session, type, version, new Greeted(name));

    private protected async Task<string[]> EffectsAsync()
    {
        await using var connection = await Db.OwnerOrSuperuser.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>("SELECT handler || ' ' || name FROM trial.effect ORDER BY 1")];
    }

    private protected Task<bool> DrainAsync(params IOutboxHandler[] handlers) => Drainer(handlers).DrainAsync(CancellationToken.None);

    private protected OutboxDrainer Drainer(params IOutboxHandler[] handlers) => Drainer(Db, handlers);

    private protected OutboxDrainer Drainer(TestDatabase db, params IOutboxHandler[] handlers)
    {
        var services = new ServiceCollection();
        foreach (var handler in handlers)
            services.AddSingleton(handler);
        return new OutboxDrainer((Database)db.Database, db.Sources, null!, services.BuildServiceProvider(), Clock, NullLogger<OutboxDrainer>.Instance);
    }

    private protected static async Task ExecuteAsync(TestDatabase db, string sql)
    {
        await using var connection = await db.OwnerOrSuperuser.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
