using Npgsql;
using Tollgate.Foundation;
using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Shipping;

/// <summary>
/// Writes a slice in ONE transaction: position, request log, rollups, gateway counters. After a failure nothing of it is there. One slice at a time: what it
/// is reckoned in is used again.
/// </summary>
internal sealed class SliceWriter(IDatabase database, TimeProvider clock)
{
    private const string FindLogged = """
        SELECT l.journal_offset FROM unnest(@offsets, @times::timestamptz[]) AS n (journal_offset, at)
        JOIN metering.request_log l ON l.journal_id = @journalId AND l.journal_offset = n.journal_offset AND l.at = n.at
        """;

    private const string Reject = """
        INSERT INTO metering.rejected_record (journal_id, journal_offset, kind, subscription_id, billable, reason, record)
        VALUES (@journalId, @offset, @kind, @subscription, @billable, @reason, @record) ON CONFLICT DO NOTHING
        """;

    private readonly List<LogRow> _rows = [];
    private readonly CounterSums _counters = new();
    private readonly Rollups _rollups = new();
    private readonly ColumnLists _columns = new();

    /// <param name="lookUp">Leave out events that are in the log already. Only after <see cref="AlreadyLoggedException"/>: the compare-and-set makes it a rare sight.</param>
    public async Task<(ShippedPosition Position, int Events)> WriteAsync(Guid journalId, ShippedPosition before, Slice slice, bool lookUp, CancellationToken cancellation)
    {
        var effects = SliceEffects.Of(before, slice, clock.GetUtcNow(), _rows, _counters);
        try
        {
            var events = await database.AsIngestAsync(async session =>
            {
                await SliceBatch.BeginAsync(session, journalId, before, effects).ConfigureAwait(false);
                var rows = lookUp ? await WithoutLoggedAsync(session, journalId, effects.Rows).ConfigureAwait(false) : effects.Rows;
                _rollups.Fill(rows);
                _columns.Clear();
                await SliceBatch.WriteAsync(session, journalId, rows, _rollups, effects.Counters, _columns).ConfigureAwait(false);
                return rows.Count;
            }, cancellation).ConfigureAwait(false);
            return (effects.After, events);
        }
        catch (PostgresException exception) when (!lookUp && exception is { SqlState: PostgresErrorCodes.UniqueViolation, SchemaName: "metering" }
            && exception.TableName?.StartsWith("request_log", StringComparison.Ordinal) is true)
        {
            throw new AlreadyLoggedException();
        }
    }

    /// <summary>Puts a record that cannot be stored aside, with the reason, and moves on.</summary>
    public async Task<ShippedPosition> RejectAsync(Guid journalId, ShippedPosition before, Slice slice, string reason, CancellationToken cancellation)
    {
        var after = SliceEffects.Move(before, slice);
        await database.AsIngestAsync(async session =>
        {
            await session.ExecuteAsync(SliceBatch.Durable).ConfigureAwait(false);
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

    private static async Task<List<LogRow>> WithoutLoggedAsync(DbSession session, Guid journalId, List<LogRow> rows)
    {
        var logged = await session.QueryAsync<long>(FindLogged,
            new { journalId, offsets = rows.Select(r => r.JournalOffset).ToArray(), times = rows.Select(r => r.At).ToArray() }).ConfigureAwait(false);
        var known = logged.ToHashSet();
        return [.. rows.Where(r => known.Add(r.JournalOffset))];
    }
}

/// <summary>Some of the events are in the request log although the position says that they are not.</summary>
internal sealed class AlreadyLoggedException : Exception;
