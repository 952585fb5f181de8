using Npgsql;

namespace Tollgate.TestKit;

/// <summary>
/// Holds every transaction that comes to write a table until the gate is opened, so that a race is decided by the test and not by chance. What waits is seen in the
/// database: a test goes on when as many wait as it means.
/// </summary>
public sealed class StatementGate : IAsyncDisposable
{
    private static int _count;

    private readonly TestDatabase _database;
    private readonly NpgsqlConnection _holder;
    private readonly string _table;
    private readonly string _name;
    private readonly int _key;

    private StatementGate(TestDatabase database, NpgsqlConnection holder, string table, int key) =>
        (_database, _holder, _table, _key, _name) = (database, holder, table, key, $"gate_{key}");

    /// <param name="database">The test's own.</param>
    /// <param name="table">With its schema.</param>
    /// <param name="statement">INSERT, UPDATE or DELETE.</param>
    public static async Task<StatementGate> CloseAsync(TestDatabase database, string table, string statement)
    {
        ArgumentNullException.ThrowIfNull(database);
        var gate = new StatementGate(database, await database.OwnerOrSuperuser.OpenConnectionAsync().ConfigureAwait(false), table, Interlocked.Increment(ref _count));
        await gate.ExecuteAsync($"SELECT pg_advisory_lock(4711, {gate._key})").ConfigureAwait(false);
        await gate.ExecuteAsync($"""
            CREATE FUNCTION public.{gate._name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711, {gate._key}); RETURN NULL; END $$;
            CREATE TRIGGER {gate._name} BEFORE {statement} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION public.{gate._name}()
            """).ConfigureAwait(false);
        return gate;
    }

    /// <summary>Waits until so many of the database's connections wait for a lock: at the gate, or behind one who does.</summary>
    public Task UntilWaitingAsync(int connections) => LockWaits.UntilAsync(_database, connections, _table);

    public Task OpenAsync() => ExecuteAsync($"SELECT pg_advisory_unlock(4711, {_key})");

    public async ValueTask DisposeAsync()
    {
        await ExecuteAsync("SELECT pg_advisory_unlock_all()").ConfigureAwait(false);
        await ExecuteAsync($"DROP TRIGGER {_name} ON {_table}; DROP FUNCTION public.{_name}()").ConfigureAwait(false);
        await _holder.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ExecuteAsync(string sql)
    {
        var command = new NpgsqlCommand(sql, _holder);
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
