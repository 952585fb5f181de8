using System.Data;
using Npgsql;

namespace Tollgate.Foundation.Postgres;

/// <summary>Transactions under the three roles that the running program has.</summary>
internal sealed class Database(DataSources sources) : IDatabase
{
    // A transaction that lost against another one is simply done again; more often than this it is a design fault that should be seen.
    private const int Attempts = 4;

    public Task<T> AsAppAsync<T>(TenantContext tenant, Func<DbSession, Task<T>> work, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        return AmbientTransaction.Current is { } ambient
            ? ambient.JoinAsync(tenant, work, cancellation)
            : RepeatAsync(static from => from.App, tenant, work, cancellation);
    }

    public Task<T> AsWorkerAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation) => RepeatAsync(static from => from.Worker, null, work, cancellation);

    public Task<T> AsIngestAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation) => RepeatAsync(static from => from.Ingest, null, work, cancellation);

    /// <summary>Opens the one transaction of a request. See <see cref="AmbientTransaction"/>.</summary>
    public Task<AmbientTransaction> BeginAmbientAsync(TenantContext tenant, CancellationToken cancellation) =>
        AmbientTransaction.BeginAsync(sources.App, tenant, cancellation);

    private async Task<T> RepeatAsync<T>(Func<DataSources, NpgsqlDataSource> choose, TenantContext? tenant, Func<DbSession, Task<T>> work, CancellationToken cancellation)
    {
        await sources.OpenedAsync(cancellation).ConfigureAwait(false);
        var source = choose(sources);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await OnceAsync(source, tenant, work, cancellation).ConfigureAwait(false);
            }
            catch (PostgresException lost) when (attempt < Attempts && lost.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected)
            {
                await Task.Delay(Random.Shared.Next(5, 20 << attempt), cancellation).ConfigureAwait(false);
            }
        }
    }

    private static async Task<T> OnceAsync<T>(NpgsqlDataSource source, TenantContext? tenant, Func<DbSession, Task<T>> work, CancellationToken cancellation)
    {
        var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellation).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                if (tenant is not null)
                    await TenantSettings.ApplyAsync(connection, transaction, tenant, cancellation).ConfigureAwait(false);
                var result = await work(new DbSession(connection, transaction, cancellation)).ConfigureAwait(false);
                // A refusal leaves nothing behind; disposing the transaction rolls it back.
                if (result is not IOutcome { Succeeded: false })
                    await transaction.CommitAsync(cancellation).ConfigureAwait(false);
                return result;
            }
        }
    }
}
