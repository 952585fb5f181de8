using Microsoft.Extensions.Logging;

namespace Tollgate.Foundation;

/// <summary>Removes what Foundation keeps only for a time: changes that every node has long applied, handled events, answers to repeated requests.</summary>
public sealed class FoundationPruning(IDatabase database, TimeProvider clock, ILogger<FoundationPruning> logger) : IRecurringJob
{
    // The horizon moves in the same transaction, so that a node can see that what it wants is gone.
    private const string ChangesSql = """
        WITH cut AS (SELECT max(version) AS version FROM foundation.change WHERE at < clock_timestamp() - interval '1 day'),
        moved AS (UPDATE foundation.change_horizon h SET version = cut.version FROM cut WHERE cut.version > h.version RETURNING h.version)
        DELETE FROM foundation.change c USING moved WHERE c.version <= moved.version
        """;

    // An event that a handler still fails on is kept. One that nobody handles is kept long: the release that handles it may not run yet.
    private const string EventsSql = """
        DELETE FROM foundation.event e
        WHERE e.at < @now - interval '90 days'
           OR (e.at < @now - interval '7 days'
               AND EXISTS (SELECT FROM foundation.handled h WHERE h.event_id = e.id)
               AND NOT EXISTS (SELECT FROM foundation.handled h WHERE h.event_id = e.id AND h.handled_at IS NULL))
        """;

    private const string AnswersSql = "DELETE FROM foundation.idempotency_key WHERE created_at < @now - interval '24 hours'";

    public async Task RunAsync(CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var changes = await database.AsWorkerAsync(session => session.ExecuteAsync(ChangesSql), cancellation).ConfigureAwait(false);
        var events = await database.AsWorkerAsync(session => session.ExecuteAsync(EventsSql, new { now }), cancellation).ConfigureAwait(false);
        var answers = await database.AsWorkerAsync(session => session.ExecuteAsync(AnswersSql, new { now }), cancellation).ConfigureAwait(false);
        logger.LogDebug("Pruned {Changes} changes, {Events} events, {Answers} answers", changes, events, answers);
    }
}
