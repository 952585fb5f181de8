using Npgsql;
using Tollgate.Foundation;
using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Shipping;

/// <summary>The statements of a shipping transaction, in as few round trips as they need: what comes before the COPY, and what comes after it.</summary>
internal static class SliceBatch
{
    // A lost commit would be a lost event once the journal is released, whatever the server's default is.
    public const string Durable = "SET LOCAL synchronous_commit = on";

    // Keys: a constant and the UTC day; metering.aggregate_hourly_usage takes the same ones alone.
    public const string LockDays = "SELECT pg_advisory_xact_lock_shared(1296389202, day) FROM unnest($1) AS day";

    /// <summary>Moves the position, locks the days and makes sure of the temporary table.</summary>
    /// <exception cref="PositionMovedException">Another shipper was here.</exception>
    public static async Task BeginAsync(DbSession session, Guid journalId, ShippedPosition before, SliceEffects effects)
    {
        await using var batch = new NpgsqlBatch(session.Connection, session.Transaction);
        var move = JournalPositions.Move(journalId, before, effects.After);
        batch.BatchCommands.Add(Command(Durable));
        batch.BatchCommands.Add(move);
        if (effects.Rows.Count > 0)
        {
            batch.BatchCommands.Add(Command(LockDays, effects.Rows.Select(r => (int)(r.At - DateTime.UnixEpoch).TotalDays).Distinct().Order().ToArray()));
            batch.BatchCommands.Add(Command(LogColumns.HasTemporary));
        }
        var hasTemporary = await batch.ExecuteScalarOfLastAsync(session.Cancellation).ConfigureAwait(false);
        JournalPositions.Check(move);
        if (hasTemporary is false)
            await session.ExecuteAsync(LogColumns.CreateTemporary).ConfigureAwait(false);
    }

    /// <summary>Writes log, rollups and counters.</summary>
    public static async Task WriteAsync(
        DbSession session, Guid journalId, List<LogRow> rows, Rollups rollups, IReadOnlyList<KeyValuePair<(DateTime Hour, Guid Subscription), long>> counters, ColumnLists columns)
    {
        await using var batch = new NpgsqlBatch(session.Connection, session.Transaction);
        if (rows.Count > 0)
        {
            await LogColumns.CopyAsync(session.Connection, journalId, rows, session.Cancellation).ConfigureAwait(false);
            batch.BatchCommands.Add(Command(LogColumns.Insert));
        }
        RollupWriter.Add(batch, journalId, rollups, counters, columns);
        if (batch.BatchCommands.Count > 0)
            await batch.ExecuteNonQueryAsync(session.Cancellation).ConfigureAwait(false);
    }

    public static NpgsqlBatchCommand Command(string sql, params object[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    private static async Task<object?> ExecuteScalarOfLastAsync(this NpgsqlBatch batch, CancellationToken cancellation)
    {
        await using var reader = await batch.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        object? value = null;
        do
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                value = reader.GetValue(0);
        while (await reader.NextResultAsync(cancellation).ConfigureAwait(false));
        return value;
    }
}
