using Tollgate.Foundation.Postgres;

namespace Tollgate.Foundation.Changes;

/// <summary>Reads the feed's table.</summary>
internal sealed class ChangeStore(Database database)
{
    private const int Batch = 2000;

    private const string RangeSql = """
        SELECT h.feed, h.version AS horizon, greatest(h.version, coalesce((SELECT max(version) FROM foundation.change), 0)) AS newest
        FROM foundation.change_horizon h
        """;

    private const string ReadSql = "SELECT version, topic, id FROM foundation.change WHERE version > @after ORDER BY version LIMIT @Batch";

    internal sealed class Range
    {
        public Guid Feed { get; init; }

        public long Horizon { get; init; }

        public long Newest { get; init; }

        /// <summary>Changes after this version are all there. It is not when they were pruned, or when the database was restored from a backup.</summary>
        public bool Holds(long version) => version >= Horizon && version <= Newest;
    }

    private sealed class Row
    {
        public long Version { get; init; }

        public string Topic { get; init; } = "";

        public Guid Id { get; init; }
    }

    public Task<Range> RangeAsync(CancellationToken cancellation) =>
        database.AsWorkerAsync(session => session.QuerySingleAsync<Range>(RangeSql), cancellation);

    /// <summary>The next changes in commit order, or null when some of them are gone or the feed is another one. <c>More</c>: there may be others behind them.</summary>
    public Task<(IReadOnlyList<Change> Changes, bool More)?> ReadAsync(Guid feed, long after, CancellationToken cancellation) =>
        database.AsWorkerAsync<(IReadOnlyList<Change>, bool)?>(async session =>
        {
            var rows = await session.QueryAsync<Row>(ReadSql, new { after, Batch }).ConfigureAwait(false);
            // Asked after the rows: what was pruned in between shows here, what was pruned before it too.
            var range = await session.QuerySingleAsync<Range>(RangeSql).ConfigureAwait(false);
            if (range.Feed != feed || !range.Holds(after))
                return null;
            return ([.. rows.Select(row => new Change(row.Version, row.Topic, row.Id))], rows.Count == Batch);
        }, cancellation);
}
