using Tollgate.Foundation;

namespace Tollgate.Metering.Reconcile;

/// <summary>
/// Asks every node to seal its counters and ship, and waits for the answers. The request is a row that each shipper looks for once a second: it reaches
/// the nodes of a cluster from a command line that must not open a journal itself.
/// </summary>
internal sealed class Seals(IDatabase database, TimeProvider clock)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private const string Open = """
        SELECT journal_id, node, updated_at FROM metering.journal_position WHERE closed_at IS NULL AND sealed_request < @request ORDER BY journal_id
        """;

    public async Task<IReadOnlyList<UnsettledJournal>> RequestAsync(TimeSpan wait, CancellationToken cancellation)
    {
        var request = await database.AsWorkerAsync(
            session => session.QuerySingleAsync<long>("INSERT INTO metering.seal_request DEFAULT VALUES RETURNING id"), cancellation).ConfigureAwait(false);
        var started = clock.GetTimestamp();
        while (true)
        {
            var open = await database.AsWorkerAsync(session => session.QueryAsync<Row>(Open, new { request }), cancellation).ConfigureAwait(false);
            if (open.Count == 0 || clock.GetElapsedTime(started) >= wait)
                return [.. open.Select(o => new UnsettledJournal(o.JournalId, o.Node, o.UpdatedAt))];
            await Task.Delay(Poll, clock, cancellation).ConfigureAwait(false);
        }
    }

    private sealed class Row
    {
        public Guid JournalId { get; init; }
        public string Node { get; init; } = "";
        public DateTimeOffset UpdatedAt { get; init; }
    }
}
