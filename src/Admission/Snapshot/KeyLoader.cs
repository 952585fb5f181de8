using System.Collections;
using Npgsql;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Table;
using Tollgate.Foundation;

namespace Tollgate.Admission.Snapshot;

/// <summary>Reads keys into the table, row by row, so that a million of them never stand in memory twice.</summary>
internal static class KeyLoader
{
    /// <summary>All of them; what is no longer there is forgotten. Answers how many there are.</summary>
    public static Task<int> LoadAsync(DbSession session, NodeState state) => ReadAsync(session, state, null, static _ => { });

    /// <summary>The named ones; what is no longer there is forgotten. Answers how many of them there are.</summary>
    /// <param name="changed">Told the place of each in the table once it is in force, before the next is looked at: whoever sees that a key was revoked and kills the node finds it revoked after a start from disk.</param>
    public static Task<int> LoadAsync(DbSession session, NodeState state, Guid[] ids, Action<int> changed) => ReadAsync(session, state, ids, changed);

    private static async Task<int> ReadAsync(DbSession session, NodeState state, Guid[]? ids, Action<int> changed)
    {
        var before = state.Keys.Count;
        // Of all keys a bit for each that was known: a million ids need not stand beside themselves.
        var known = new BitArray(ids is null ? before : 0);
        var seen = new HashSet<Guid>();
        var count = 0;
        var command = new NpgsqlCommand($"""
            SELECT id, subscription_id, digest, expires_at, revoked_at, operations, allowed_addresses::text[] FROM admission.key
            {(ids is null ? "" : "WHERE id = ANY ($1)")}
            """, session.Connection, session.Transaction);
        await using (command.ConfigureAwait(false))
        {
            if (ids is not null)
                command.Parameters.Add(new NpgsqlParameter { Value = ids });
            var reader = await command.ExecuteReaderAsync(session.Cancellation).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(session.Cancellation).ConfigureAwait(false))
                {
                    var (id, place) = TakeIn(reader, state);
                    count++;
                    if (ids is not null)
                    {
                        seen.Add(id);
                        changed(place);
                    }
                    else if (place < before)
                        known[place] = true;
                }
            }
        }
        if (ids is null)
            Forget(state, before, place => !known[place], changed);
        else if (seen.Count < ids.Length)
            Forget(state, before, place => state.Keys.At(place).KeyId is var id && !seen.Contains(id) && Array.IndexOf(ids, id) >= 0, changed);
        return count;
    }

    private static (Guid Id, int Place) TakeIn(NpgsqlDataReader row, NodeState state)
    {
        var id = row.GetGuid(0);
        var subscriber = state.Subscribers.Ensure(row.GetGuid(1));
        var expiresAt = row.IsDBNull(3) ? long.MaxValue : row.GetFieldValue<DateTime>(3).Ticks;
        var restriction = KeyRestriction.Of(row.IsDBNull(5) ? null : row.GetFieldValue<Guid[]>(5), row.IsDBNull(6) ? null : row.GetFieldValue<string[]>(6));
        return (id, state.Keys.Put(id, row.GetFieldValue<byte[]>(2), subscriber.Slot, row.IsDBNull(4) ? KeyState.Active : KeyState.Revoked, expiresAt, restriction));
    }

    // Rows of keys are revoked, hardly ever deleted: a walk over the table is cheaper than an index by id that nothing else needs.
    private static void Forget(NodeState state, int upTo, Predicate<int> gone, Action<int> changed)
    {
        for (var place = 0; place < upTo; place++)
        {
            if (!gone(place))
                continue;
            state.Keys.SetState(place, KeyState.Deleted);
            changed(place);
        }
    }
}
