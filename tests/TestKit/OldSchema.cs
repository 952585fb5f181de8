using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tollgate.Foundation;
using Tollgate.Foundation.Postgres.Schema;

namespace Tollgate.TestKit;

/// <summary>A database as a version of some time ago left it: the first migrations of each module, and rows that a program of that time could have had.</summary>
public sealed class OldSchema(string owner, string superuser)
{
    /// <param name="modules">In the order of their ranks.</param>
    /// <param name="count">How many of its files a module had, of all that it has.</param>
    /// <returns>The files that are missing.</returns>
    public async Task<IReadOnlyList<string>> MakeAsync(IEnumerable<SqlModule> modules, Func<string, int, int> count)
    {
        ArgumentNullException.ThrowIfNull(count);
        List<MigrationFile> had = [], missing = [];
        foreach (var files in modules.Select(MigrationFile.OfModule))
        {
            var then = files.Count == 0 ? 0 : count(files[0].Module, files.Count);
            had.AddRange(files.Take(then));
            missing.AddRange(files.Skip(then));
        }
        var source = NpgsqlDataSource.Create(owner);
        await using (source.ConfigureAwait(false))
            await new Migrator(had, NullLogger.Instance).ApplyAsync(source, CancellationToken.None).ConfigureAwait(false);
        return [.. missing.Select(file => file.Title)];
    }

    /// <summary>Copies the rows that another database has of these schemas, as far as the tables and columns were there. Answers how many of each table, those with none left out.</summary>
    public async Task<Dictionary<string, long>> FillAsync(NpgsqlDataSource from, params string[] schemas)
    {
        var target = NpgsqlDataSource.Create(superuser);
        await using (target.ConfigureAwait(false))
        {
            var connection = await target.OpenConnectionAsync().ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                // Rows as they stood: nothing happens because they are written, and the order does not matter.
                await ExecuteAsync(connection, "SET session_replication_role = replica").ConfigureAwait(false);
                var rows = new Dictionary<string, long>(StringComparer.Ordinal);
                foreach (var (table, columns) in await TablesAsync(connection, schemas).ConfigureAwait(false))
                    if (await CopyAsync(from, connection, table, columns).ConfigureAwait(false) is > 0 and var copied)
                        rows[table] = copied;
                return rows;
            }
        }
    }

    /// <summary>How many rows these tables have now.</summary>
    public async Task<Dictionary<string, long>> CountAsync(IEnumerable<string> tables)
    {
        ArgumentNullException.ThrowIfNull(tables);
        var source = NpgsqlDataSource.Create(superuser);
        await using (source.ConfigureAwait(false))
        {
            var counts = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (var table in tables)
            {
                var command = source.CreateCommand($"SELECT count(*) FROM {table}");
                await using (command.ConfigureAwait(false))
                    counts[table] = (long)(await command.ExecuteScalarAsync().ConfigureAwait(false))!;
            }
            return counts;
        }
    }

    private static async Task<List<(string Table, string Columns)>> TablesAsync(NpgsqlConnection connection, string[] schemas)
    {
        const string sql = """
            SELECT n.nspname || '.' || c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY ($1) GROUP BY 1, c.oid ORDER BY 1
            """;
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddWithValue(schemas);
            var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var tables = new List<(string, string)>();
                while (await reader.ReadAsync().ConfigureAwait(false))
                    tables.Add((reader.GetString(0), reader.GetString(1)));
                return tables;
            }
        }
    }

    private static async Task<long> CopyAsync(NpgsqlDataSource from, NpgsqlConnection to, string table, string columns)
    {
        var read = from.CreateCommand($"SELECT coalesce(json_agg(t), '[]')::text FROM {table} t");
        await using (read.ConfigureAwait(false))
        {
            var rows = (string)(await read.ExecuteScalarAsync().ConfigureAwait(false))!;
            var write = new NpgsqlCommand($"DELETE FROM {table}", to);
            await using (write.ConfigureAwait(false))
            {
                // What its migration put there is among the rows.
                await write.ExecuteNonQueryAsync().ConfigureAwait(false);
                write.CommandText = $"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1::json)";
                write.Parameters.AddWithValue(rows);
                return await write.ExecuteNonQueryAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
