using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Tollgate.Foundation.Postgres.Schema;

/// <summary>
/// Applies the modules' SQL files, in the order of the modules' ranks, each once and each in a transaction of its own. Programs that start together
/// queue on an advisory lock; the journal is read under it.
/// </summary>
internal sealed class Migrator(IReadOnlyList<MigrationFile> files, ILogger logger)
{
    private const string LockSql = "SELECT pg_advisory_lock(hashtextextended('tollgate.migrate', 0))";

    private const string UnlockSql = "SELECT pg_advisory_unlock(hashtextextended('tollgate.migrate', 0))";

    // A table of which something is still to be checked at the end cannot be altered: a file that writes rows and then alters would work on an empty database only.
    private const string ChecksAtOnce = "SET CONSTRAINTS ALL IMMEDIATE";

    private const string JournalSql = """
        CREATE SCHEMA IF NOT EXISTS foundation;
        CREATE TABLE IF NOT EXISTS foundation.migration (
          module text NOT NULL,
          number integer NOT NULL,
          name text NOT NULL,
          checksum text NOT NULL,
          applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
          PRIMARY KEY (module, number)
        );
        GRANT USAGE ON SCHEMA foundation TO tollgate_app, tollgate_ingest, tollgate_worker;
        GRANT SELECT ON foundation.migration TO tollgate_worker;
        """;

    public Migrator(IEnumerable<SqlModule> modules, ILogger logger)
        : this([.. modules.SelectMany(MigrationFile.OfModule)], logger)
    {
    }

    /// <summary>Returns the titles of the files that it applied.</summary>
    public async Task<IReadOnlyList<string>> ApplyAsync(NpgsqlDataSource owner, CancellationToken cancellation)
    {
        var connection = await owner.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // No time-out: another node's long migration is worth waiting for.
            await connection.ExecuteAsync(new CommandDefinition(LockSql, commandTimeout: 0, cancellationToken: cancellation)).ConfigureAwait(false);
            try
            {
                await connection.ExecuteAsync(new CommandDefinition(JournalSql, cancellationToken: cancellation)).ConfigureAwait(false);
                var pending = Pending(await ReadAsync(connection, cancellation).ConfigureAwait(false));
                foreach (var file in pending)
                    await ApplyAsync(connection, file, cancellation).ConfigureAwait(false);
                return [.. pending.Select(file => file.Title)];
            }
            finally
            {
                await connection.ExecuteAsync(UnlockSql).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Titles of the files that the schema lacks; for a program that may not migrate and has to wait.</summary>
    public async Task<IReadOnlyList<string>> PendingAsync(NpgsqlDataSource worker, CancellationToken cancellation)
    {
        var connection = await worker.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // The catalogue is asked first: where nothing was migrated the role may not even look for the journal.
            var exists = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'foundation' AND c.relname = 'migration')",
                cancellationToken: cancellation)).ConfigureAwait(false);
            var journal = exists ? await ReadAsync(connection, cancellation).ConfigureAwait(false) : [];
            return [.. Pending(journal).Select(file => file.Title)];
        }
    }

    private async Task ApplyAsync(NpgsqlConnection connection, MigrationFile file, CancellationToken cancellation)
    {
        var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            try
            {
                await connection.ExecuteAsync(new CommandDefinition(ChecksAtOnce, transaction: transaction, cancellationToken: cancellation)).ConfigureAwait(false);
                await connection.ExecuteAsync(new CommandDefinition(file.Text, transaction: transaction, commandTimeout: 0, cancellationToken: cancellation)).ConfigureAwait(false);
            }
            catch (PostgresException refused)
            {
                throw new MigrationException($"{file.Title}: {refused.MessageText} ({refused.SqlState}). Nothing of this file was applied.", refused);
            }
            await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO foundation.migration (module, number, name, checksum) VALUES (@Module, @Number, @Name, @Checksum)", file, transaction, cancellationToken: cancellation)).ConfigureAwait(false);
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        }
        logger.LogInformation("Migrated {File}", file.Title);
    }

    private List<MigrationFile> Pending(IReadOnlyList<Applied> journal)
    {
        var pending = new List<MigrationFile>();
        foreach (var module in files.GroupBy(file => file.Module))
        {
            var applied = journal.Where(row => row.Module == module.Key).ToDictionary(row => row.Number);
            foreach (var file in module)
            {
                if (!applied.TryGetValue(file.Number, out var row))
                    pending.Add(file);
                else if (row.Checksum != file.Checksum)
                    throw new MigrationException($"{file.Title} was changed after it was applied on {row.AppliedAt:yyyy-MM-dd}. Applied files stay as they are: undo the change and add a new file.");
                else if (pending.Exists(other => other.Module == file.Module))
                    throw new MigrationException($"{file.Title} is applied but an earlier file of its module is not: the journal has a gap.");
            }
        }
        return pending;
    }

    private static async Task<IReadOnlyList<Applied>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        (await connection.QueryAsync<Applied>(new CommandDefinition("SELECT module, number, checksum, applied_at FROM foundation.migration", cancellationToken: cancellation)).ConfigureAwait(false)).AsList();

    private sealed class Applied
    {
        public string Module { get; init; } = "";

        public int Number { get; init; }

        public string Checksum { get; init; } = "";

        public DateTimeOffset AppliedAt { get; init; }
    }
}
