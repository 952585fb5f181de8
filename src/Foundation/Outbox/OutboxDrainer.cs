using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Foundation.Postgres;

namespace Tollgate.Foundation.Outbox;

/// <summary>
/// Hands events to handlers, on every node that runs the worker. One transaction for each event and handler: the handler's effect and the mark that it
/// was handled commit together or not at all. Events of a version that a handler does not know wait for a node that does.
/// </summary>
internal sealed class OutboxDrainer(
    Database database, DataSources sources, IDatabaseStartup startup, IServiceProvider services, TimeProvider clock, ILogger<OutboxDrainer> logger) : BackgroundService
{
    private const int InARow = 100;

    // One look for all handlers: in most rounds nothing is due. It costs a few pages for each handler, however many events are kept.
    internal const string LookSql = """
        SELECT * FROM (
          SELECT w.number::int AS number, coalesce(p.position, 0) AS place,
            coalesce((SELECT e.position FROM foundation.event e WHERE e.type = w.type ORDER BY e.position DESC LIMIT 1) > coalesce(p.position, 0), false) AS newer,
            coalesce((SELECT h.next_attempt_at FROM foundation.handled h WHERE h.handler = w.handler AND h.handled_at IS NULL ORDER BY h.next_attempt_at LIMIT 1) <= @now, false) AS again
          FROM unnest(@handlers::text[], @types::text[]) WITH ORDINALITY AS w (handler, type, number)
          LEFT JOIN foundation.outbox_place p ON p.handler = w.handler AND p.type = w.type) AS look
        WHERE newer OR again
        ORDER BY number
        """;

    // OFFSET 0: one probe for each event, whatever the statistics say of what a join would cost.
    internal const string NextSql = """
        SELECT e.position, e.id, e.type, e.version, e.payload::text AS payload, e.at
        FROM foundation.event e
        WHERE e.type = @EventType AND e.position > @after AND e.version <= @MaximumVersion
          AND NOT EXISTS (SELECT FROM foundation.handled h WHERE h.handler = @Name AND h.event_id = e.id OFFSET 0)
        ORDER BY e.position
        LIMIT 1
        FOR NO KEY UPDATE OF e SKIP LOCKED
        """;

    internal const string AgainSql = """
        SELECT e.position, e.id, e.type, e.version, e.payload::text AS payload, e.at
        FROM foundation.handled h JOIN foundation.event e ON e.id = h.event_id
        WHERE h.handler = @Name AND h.handled_at IS NULL AND h.next_attempt_at <= @now AND e.type = @EventType AND e.version <= @MaximumVersion
        ORDER BY h.next_attempt_at
        LIMIT 1
        FOR NO KEY UPDATE OF e SKIP LOCKED
        """;

    // To the last event before the first that this handler has not tried, whoever tried them. One statement, so one snapshot: what it does not see gets a position behind all that it sees.
    internal const string AdvanceSql = """
        INSERT INTO foundation.outbox_place AS p (handler, type, position)
        SELECT @Name, @EventType, e.position
        FROM foundation.event e
        WHERE e.type = @EventType AND e.position > @Place AND e.position < coalesce((
          SELECT o.position FROM foundation.event o
          WHERE o.type = @EventType AND o.position > @Place
            AND NOT EXISTS (SELECT FROM foundation.handled h WHERE h.handler = @Name AND h.event_id = o.id OFFSET 0)
          ORDER BY o.position
          LIMIT 1), 9223372036854775807)
        ORDER BY e.position DESC
        LIMIT 1
        ON CONFLICT (handler, type) DO UPDATE SET position = EXCLUDED.position WHERE p.position < EXCLUDED.position
        """;

    // Before the handler runs, and the judge of "once": another node may have finished between the moment that our query looked and the lock.
    private const string MarkSql = """
        INSERT INTO foundation.handled AS h (handler, event_id, handled_at) VALUES (@Name, @Id, @now)
        ON CONFLICT (handler, event_id) DO UPDATE SET handled_at = EXCLUDED.handled_at, error = NULL WHERE h.handled_at IS NULL
        """;

    private const string FailedSql = """
        INSERT INTO foundation.handled AS h (handler, event_id, attempts, next_attempt_at, error) VALUES (@Name, @Id, 1, @now + interval '2 seconds', @error)
        ON CONFLICT (handler, event_id) DO UPDATE SET attempts = h.attempts + 1, error = EXCLUDED.error,
          next_attempt_at = @now + least(interval '1 hour', interval '2 seconds' * power(2, least(h.attempts, 12)))
        WHERE h.handled_at IS NULL
        """;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    private readonly Lazy<IOutboxHandler[]> _handlers = new(() => [.. services.GetServices<IOutboxHandler>()]);

    /// <summary>What a look says of the handler of this number: where its place is, whether something is newer than it, and whether something is to be tried again.</summary>
    internal sealed class Look
    {
        public int Number { get; init; }

        public long Place { get; init; }

        public bool Newer { get; init; }

        public bool Again { get; init; }
    }

    private sealed class Row
    {
        public long Position { get; init; }

        public Guid Id { get; init; }

        public string Type { get; init; } = "";

        public int Version { get; init; }

        public string Payload { get; init; } = "";

        public DateTimeOffset At { get; init; }
    }

    /// <summary>Handles what is due now. True when it stopped early to look at other things in between.</summary>
    internal async Task<bool> DrainAsync(CancellationToken cancellation)
    {
        var more = false;
        foreach (var look in await LookAsync(cancellation).ConfigureAwait(false))
            more |= await DrainAsync(_handlers.Value[look.Number - 1], look, cancellation).ConfigureAwait(false);
        return more;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await startup.EnsureReadyAsync(stoppingToken).ConfigureAwait(false);
        var listener = new NoticeListener(sources, "tollgate_outbox", logger);
        await using (listener.ConfigureAwait(false))
        {
            try
            {
                while (!stoppingToken.IsCancellationRequested)
                    if (!await DrainSafelyAsync(stoppingToken).ConfigureAwait(false))
                        await listener.WaitAsync(Round, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // The program ends.
            }
        }
    }

    private async Task<bool> DrainSafelyAsync(CancellationToken cancellation)
    {
        try
        {
            return await DrainAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception failed) when (!cancellation.IsCancellationRequested)
        {
            logger.LogError(failed, "The outbox could not be read; the next round tries again");
            return false;
        }
    }

    private Task<IReadOnlyList<Look>> LookAsync(CancellationToken cancellation)
    {
        var all = _handlers.Value;
        var asked = new { handlers = Array.ConvertAll(all, handler => handler.Name), types = Array.ConvertAll(all, handler => handler.EventType), now = clock.GetUtcNow() };
        return database.AsWorkerAsync(session => session.QueryAsync<Look>(LookSql, asked), cancellation);
    }

    private async Task<bool> DrainAsync(IOutboxHandler handler, Look look, CancellationToken cancellation)
    {
        var left = InARow;
        while (look.Again && left > 0 && await HandleNextAsync(handler, AgainSql, 0, cancellation).ConfigureAwait(false) is not null)
            left--;
        if (!look.Newer)
            return left == 0;
        // Forward from one to the next, so that none is read twice; the place follows at the end.
        for (var after = look.Place; left > 0 && await HandleNextAsync(handler, NextSql, after, cancellation).ConfigureAwait(false) is { } position; after = position)
            left--;
        await database.AsWorkerAsync(session => session.ExecuteAsync(AdvanceSql, new { handler.Name, handler.EventType, look.Place }), cancellation).ConfigureAwait(false);
        return left == 0;
    }

    // The position of the event, or null where there is none to handle.
    private async Task<long?> HandleNextAsync(IOutboxHandler handler, string sql, long after, CancellationToken cancellation)
    {
        Row? row = null;
        try
        {
            await database.AsWorkerAsync(async session =>
            {
                row = await session.QuerySingleOrDefaultAsync<Row>(sql, new { handler.EventType, handler.MaximumVersion, handler.Name, after, now = clock.GetUtcNow() }).ConfigureAwait(false);
                if (row is null || await session.ExecuteAsync(MarkSql, new { handler.Name, row.Id, now = clock.GetUtcNow() }).ConfigureAwait(false) == 0)
                    return true;
                using var payload = JsonDocument.Parse(row.Payload);
                await handler.HandleAsync(session, new OutboxEvent(row.Id, row.Type, row.Version, payload.RootElement, row.At)).ConfigureAwait(false);
                return true;
            }, cancellation).ConfigureAwait(false);
        }
        catch (Exception failed) when (row is not null && !cancellation.IsCancellationRequested)
        {
            logger.LogError(failed, "{Handler} failed on the event {Event} of type {Type}; it is tried again", handler.Name, row.Id, row.Type);
            await database.AsWorkerAsync(session => session.ExecuteAsync(FailedSql,
                new { handler.Name, row.Id, now = clock.GetUtcNow(), error = failed.Message }), cancellation).ConfigureAwait(false);
        }
        return row?.Position;
    }
}
