using Npgsql;

namespace Tollgate.TestKit;

/// <summary>Holds rows as another transaction would, until it is released: whoever comes for them waits, and they go on in the order in which they came.</summary>
public sealed class RowLock : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private RowLock(TestDatabase database, NpgsqlConnection connection, NpgsqlTransaction transaction) => (_database, _connection, _transaction) = (database, connection, transaction);

    /// <param name="database">The test's own.</param>
    /// <param name="select">With FOR UPDATE or the like.</param>
    public static async Task<RowLock> TakeAsync(TestDatabase database, string select)
    {
        ArgumentNullException.ThrowIfNull(database);
        var connection = await database.OwnerOrSuperuser.OpenConnectionAsync().ConfigureAwait(false);
        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        var command = new NpgsqlCommand(select, connection, transaction);
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        return new RowLock(database, connection, transaction);
    }

    /// <summary>Waits until so many of the database's connections wait for a lock.</summary>
    public Task UntilWaitingAsync(int connections) => LockWaits.UntilAsync(_database, connections, "the rows that are held");

    public Task ReleaseAsync() => _transaction.RollbackAsync();

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }
}
