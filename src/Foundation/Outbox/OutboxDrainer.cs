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

    // One look for all handlers: in most rounds nothing is due. LATERAL and LIMIT: as EXISTS, all events would be read for each handler, and each by itself.
    private const string DueSql = """
        SELECT w.handler
        FROM unnest(@handlers::text[], @types::text[], @versions::int[]) AS w (handler, type, version)
        CROSS JOIN LATERAL (
          SELECT FROM foundation.event e
          WHERE e.type = w.type AND e.version <= w.version AND NOT EXISTS (
            SELECT FROM foundation.handled h
            WHERE h.event_id = e.id AND h.handler = w.handler AND (h.handled_at IS NOT NULL OR h.next_attempt_at > @now))
          LIMIT 1) AS due
        """;

    private const string NextSql = """
        SELECT e.id, e.type, e.version, e.payload::text AS payload, e.at
        FROM foundation.event e
        WHERE e.type = @EventType AND e.version <= @MaximumVersion AND NOT EXISTS (
          SELECT FROM foundation.handled h
          WHERE h.event_id = e.id AND h.handler = @Name AND (h.handled_at IS NOT NULL OR h.next_attempt_at > @now))
        ORDER BY e.position
        LIMIT 1
        FOR NO KEY UPDATE OF e SKIP LOCKED
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

    private sealed class Row
    {
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
        var due = await DueAsync(cancellation).ConfigureAwait(false);
        foreach (var handler in _handlers.Value.Where(handler => due.Contains(handler.Name)))
        {
            var count = 0;
            while (count < InARow && await HandleNextAsync(handler, cancellation).ConfigureAwait(false))
                count++;
            more |= count == InARow;
        }
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

    private Task<IReadOnlyList<string>> DueAsync(CancellationToken cancellation)
    {
        var all = _handlers.Value;
        var asked = new
        {
            handlers = Array.ConvertAll(all, handler => handler.Name),
            types = Array.ConvertAll(all, handler => handler.EventType),
            versions = Array.ConvertAll(all, handler => handler.MaximumVersion),
            now = clock.GetUtcNow(),
        };
        return database.AsWorkerAsync(session => session.QueryAsync<string>(DueSql, asked), cancellation);
    }

    private async Task<bool> HandleNextAsync(IOutboxHandler handler, CancellationToken cancellation)
    {
        Row? row = null;
        try
        {
            await database.AsWorkerAsync(async session =>
            {
                row = await session.QuerySingleOrDefaultAsync<Row>(NextSql, new { handler.EventType, handler.MaximumVersion, handler.Name, now = clock.GetUtcNow() }).ConfigureAwait(false);
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
        return row is not null;
    }
}
