using Tollgate.Foundation;

namespace Tollgate.Metering.Journal;

internal sealed class JournalReplay(UsageJournal journal) : IJournalReplay
{
    public Guid JournalId => journal.Id;

    public long Tail => journal.Tail;

    public long? Replay(long from, FinishedUsageVisitor visit) => journal.Replay(from, visit);

    public Task<long?> ShippedToAsync(DbSession session) =>
        session.QuerySingleOrDefaultAsync<long?>("SELECT shipped_offset FROM metering.journal_position WHERE journal_id = @id", new { id = journal.Id });
}
