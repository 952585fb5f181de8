using Tollgate.Foundation;
using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Shipping;

/// <summary>Writes a slice in ONE transaction: position, request log, rollups, gateway counters. After a failure nothing of it is there.</summary>
internal sealed class SliceWriter(IDatabase database, TimeProvider clock)
{
    // A lost commit would be a lost event once the journal is released, whatever the server's default is.
    private const string Durable = "SET LOCAL synchronous_commit = on";

    // Keys: a constant and the UTC day; metering.aggregate_hourly_usage takes the same ones alone.
    private const string LockDays = """
        SELECT pg_advisory_xact_lock_shared(1296389202, day) FROM unnest(@days) AS day
        """;

    private const string FindLogged = """
        SELECT l.journal_offset FROM unnest(@offsets, @times::timestamptz[]) AS n (journal_offset, at)
        JOIN metering.request_log l ON l.journal_id = @journalId AND l.journal_offset = n.journal_offset AND l.at = n.at
        """;

    private const string Reject = """
        INSERT INTO metering.rejected_record (journal_id, journal_offset, kind, subscription_id, billable, reason, record)
        VALUES (@journalId, @offset, @kind, @subscription, @billable, @reason, @record) ON CONFLICT DO NOTHING
        """;

    /// <param name="lookUp">Leave out events that are in the log already. Only after <see cref="AlreadyLoggedException"/>: the compare-and-set makes it a rare sight.</param>
    public async Task<(ShippedPosition Position, int Events)> WriteAsync(Guid journalId, ShippedPosition before, Slice slice, bool lookUp, CancellationToken cancellation)
    {
        var effects = SliceEffects.Of(before, slice, clock.GetUtcNow());
        var events = await database.AsIngestAsync(async session =>
        {
            await session.ExecuteAsync(Durable).ConfigureAwait(false);
            await JournalPositions.MoveAsync(session, journalId, before, effects.After).ConfigureAwait(false);
            var rows = lookUp ? await WithoutLoggedAsync(session, journalId, effects.Rows).ConfigureAwait(false) : effects.Rows;
            await LogAsync(session, journalId, rows).ConfigureAwait(false);
            await RollupWriter.WriteAsync(session, journalId, Rollups.Of(rows), effects.Counters).ConfigureAwait(false);
            return rows.Count;
        }, cancellation).ConfigureAwait(false);
        return (effects.After, events);
    }

    /// <summary>Puts a record that cannot be stored aside, with the reason, and moves on.</summary>
    public async Task<ShippedPosition> RejectAsync(Guid journalId, ShippedPosition before, Slice slice, string reason, CancellationToken cancellation)
    {
        var after = SliceEffects.Move(before, slice);
        await database.AsIngestAsync(async session =>
        {
            await session.ExecuteAsync(Durable).ConfigureAwait(false);
            await JournalPositions.MoveAsync(session, journalId, before, after).ConfigureAwait(false);
            foreach (var record in slice.Records)
                await session.ExecuteAsync(Reject, new
                {
                    journalId,
                    offset = record.Offset,
                    kind = (short)record.Kind,
                    subscription = record.Kind == JournalRecordKind.Totals ? (Guid?)null : record.Usage.SubscriptionId,
                    billable = record.Kind != JournalRecordKind.Totals && record.Usage.Billable,
                    reason,
                    record = RejectedRecord.ToJson(record),
                }).ConfigureAwait(false);
            return true;
        }, cancellation).ConfigureAwait(false);
        return after;
    }

    private static async Task LogAsync(DbSession session, Guid journalId, IReadOnlyList<LogRow> rows)
    {
        if (rows.Count == 0)
            return;
        var days = rows.Select(r => (int)(r.At - DateTime.UnixEpoch).TotalDays).Distinct().Order().ToArray();
        await session.QueryAsync<object>(LockDays, new { days }).ConfigureAwait(false);
        await session.ExecuteAsync(LogColumns.CreateTemporary).ConfigureAwait(false);
        await LogColumns.CopyAsync(session.Connection, journalId, rows, session.Cancellation).ConfigureAwait(false);
        if (await session.ExecuteAsync(LogColumns.Insert).ConfigureAwait(false) != rows.Count)
            throw new AlreadyLoggedException();
    }

    private static async Task<IReadOnlyList<LogRow>> WithoutLoggedAsync(DbSession session, Guid journalId, IReadOnlyList<LogRow> rows)
    {
        var logged = await session.QueryAsync<long>(FindLogged,
            new { journalId, offsets = rows.Select(r => r.JournalOffset).ToArray(), times = rows.Select(r => r.At).ToArray() }).ConfigureAwait(false);
        var known = logged.ToHashSet();
        return [.. rows.Where(r => known.Add(r.JournalOffset))];
    }
}

/// <summary>Some of the events are in the request log although the position says that they are not.</summary>
internal sealed class AlreadyLoggedException : Exception;
