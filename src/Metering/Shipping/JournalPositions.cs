using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Foundation;
using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Shipping;

/// <summary>The row of a journal in `journal_position`: shipping starts where the database says, and moves it by compare-and-set.</summary>
internal sealed partial class JournalPositions(IDatabase database, ILogger<JournalPositions> logger)
{
    private const string Find = "SELECT shipped_offset, open_begins, sealed_request, totals_offset FROM metering.journal_position WHERE journal_id = @id";

    private const string Register = """
        INSERT INTO metering.journal_position AS p (journal_id, shipped_offset, node) VALUES (@id, @head, @node)
        ON CONFLICT (journal_id) DO UPDATE SET node = excluded.node, closed_at = NULL, updated_at = now()
        """;

    // The first statement of a shipping transaction: its row lock makes two shippers of one journal take turns, and the second finds the place taken.
    private const string CompareAndSet = """
        UPDATE metering.journal_position
        SET shipped_offset = $3, totals_offset = $4, open_begins = CASE WHEN $5 THEN $6 ELSE open_begins END, updated_at = now()
        WHERE journal_id = $1 AND shipped_offset = $2
        """;

    /// <summary>Registers the journal and answers its position.</summary>
    public Task<ShippedPosition> LoadAsync(IJournalReader journal, CancellationToken cancellation) => database.AsIngestAsync(async session =>
    {
        await session.ExecuteAsync(Register, new { id = journal.Id, head = journal.Head, node = Environment.MachineName }).ConfigureAwait(false);
        var row = await session.QuerySingleAsync<Row>(Find, new { id = journal.Id }).ConfigureAwait(false);
        var position = new ShippedPosition(row.ShippedOffset, [.. row.OpenBegins], row.SealedRequest, row.TotalsOffset);
        var (head, tail) = (journal.Head, journal.Tail);
        if (position.Offset >= head && position.Offset <= tail)
            return position;
        // Below the head: segments are gone that this database never got (a backup older than their retention was restored). Above the tail: the disk
        // lost records that had been shipped, and new ones are being written in their place. Both are loud, and neither may stop what comes next.
        var moved = position with
        {
            Offset = Math.Clamp(position.Offset, head, tail),
            OpenBegins = [.. position.OpenBegins.Where(b => b < tail)],
            TotalsOffset = Math.Min(position.TotalsOffset, tail - 1),
        };
        LogMoved(logger, journal.Id, position.Offset, head, tail, moved.Offset);
        await MoveAsync(session, journal.Id, position, moved).ConfigureAwait(false);
        return moved;
    }, cancellation);

    /// <exception cref="PositionMovedException">Another shipper was here.</exception>
    public static async Task MoveAsync(DbSession session, Guid journalId, ShippedPosition from, ShippedPosition to)
    {
        await using var batch = new NpgsqlBatch(session.Connection, session.Transaction);
        var move = Move(journalId, from, to);
        batch.BatchCommands.Add(move);
        await batch.ExecuteNonQueryAsync(session.Cancellation).ConfigureAwait(false);
        Check(move);
    }

    /// <summary>The compare-and-set as a part of a larger batch; <see cref="Check"/> it afterwards.</summary>
    public static NpgsqlBatchCommand Move(Guid journalId, ShippedPosition from, ShippedPosition to)
    {
        // The array is written only when it changed: it may be long, and most transactions do not touch a stream.
        var streams = !ReferenceEquals(from.OpenBegins, to.OpenBegins) && !from.OpenBegins.SetEquals(to.OpenBegins);
        return SliceBatch.Command(CompareAndSet, journalId, from.Offset, to.Offset, to.TotalsOffset, streams, streams ? to.OpenBegins.Order().ToArray() : Array.Empty<long>());
    }

    /// <exception cref="PositionMovedException">Another shipper was here.</exception>
    public static void Check(NpgsqlBatchCommand move)
    {
        if (move.RecordsAffected != 1)
            throw new PositionMovedException();
    }

    /// <summary>The newest request to seal, 0 when there is none.</summary>
    public Task<long> SealRequestAsync(CancellationToken cancellation) => database.AsIngestAsync(
        session => session.QuerySingleAsync<long>("SELECT coalesce(max(id), 0) FROM metering.seal_request"), cancellation);

    public Task PassSealAsync(Guid journalId, long request, CancellationToken cancellation) => database.AsIngestAsync(
        session => session.ExecuteAsync(
            "UPDATE metering.journal_position SET sealed_request = greatest(sealed_request, @request), updated_at = now() WHERE journal_id = @journalId",
            new { journalId, request }), cancellation);

    /// <summary>The node stopped with everything shipped: nobody need wait for this journal.</summary>
    public Task CloseAsync(Guid journalId, long offset, CancellationToken cancellation) => database.AsIngestAsync(
        session => session.ExecuteAsync(
            "UPDATE metering.journal_position SET closed_at = now(), updated_at = now() WHERE journal_id = @journalId AND shipped_offset = @offset AND open_begins = '{}'",
            new { journalId, offset }), cancellation);

    [LoggerMessage(3101, LogLevel.Critical,
        "Journal {Journal} holds offsets {Head} to {Tail}, but the database has shipped it to {Shipped}: usage may be missing. Shipping goes on at {Next}; compare with tollgate reconcile.")]
    private static partial void LogMoved(ILogger logger, Guid journal, long shipped, long head, long tail, long next);

    private sealed class Row
    {
        public long ShippedOffset { get; init; }
        public long[] OpenBegins { get; init; } = [];
        public long SealedRequest { get; init; }
        public long TotalsOffset { get; init; }
    }
}

/// <summary>The position in the database is not the one this transaction started from.</summary>
internal sealed class PositionMovedException : Exception;
