using Tollgate.Foundation;

namespace Tollgate.Admission.Nodes;

/// <summary>The register of admitting nodes. All times are the database's, so that no two clocks are compared.</summary>
internal static class NodeStore
{
    /// <summary>
    /// Says that this node lives and answers how many live ones were there before it. Under a lock: of two that start at once, one is first for both.
    /// A node that was silent for too long goes to the end, for another may have taken its place.
    /// </summary>
    public static async Task<int> BeatAsync(DbSession session, Guid id)
    {
        await session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('admission.node', 0))").ConfigureAwait(false);
        // The first after all were silent: it was the register that was away, and the others are heard of in a moment.
        await session.ExecuteAsync("""
            UPDATE admission.node SET waited_for_until = clock_timestamp() + interval '15 seconds'
            FROM (SELECT max(seen_at) AS at FROM admission.node) newest
            WHERE newest.at < clock_timestamp() - interval '15 seconds' AND seen_at >= newest.at - interval '15 seconds'
            """).ConfigureAwait(false);
        await session.ExecuteAsync("""
            INSERT INTO admission.node AS own (id, started_at, seen_at) VALUES (@id, clock_timestamp(), clock_timestamp())
            ON CONFLICT (id) DO UPDATE SET
              started_at = CASE WHEN own.seen_at < clock_timestamp() - interval '15 seconds' THEN clock_timestamp() ELSE own.started_at END,
              seen_at = clock_timestamp();
            DELETE FROM admission.node WHERE seen_at < clock_timestamp() - interval '1 day';
            """, new { id }).ConfigureAwait(false);
        return await session.QuerySingleAsync<int>("""
            SELECT count(*)::int FROM admission.node other JOIN admission.node own ON own.id = @id
            WHERE other.seen_at >= clock_timestamp() - interval '15 seconds' AND (other.started_at, other.id) < (own.started_at, own.id)
            """, new { id }).ConfigureAwait(false);
    }

    /// <summary>Whoever was heard of within the 15 s before the last that was heard of; after a time in which the register was away, within 15 s before that, for 15 s more.</summary>
    public static async Task<IReadOnlyList<Guid>> LiveAsync(DbSession session) => await session.QueryAsync<Guid>("""
        SELECT id FROM admission.node WHERE seen_at >= (SELECT max(seen_at) FROM admission.node) - interval '15 seconds' OR waited_for_until > clock_timestamp()
        """).ConfigureAwait(false);

    public static Task<int> RemoveAsync(DbSession session, Guid id) => session.ExecuteAsync("DELETE FROM admission.node WHERE id = @id", new { id });
}
