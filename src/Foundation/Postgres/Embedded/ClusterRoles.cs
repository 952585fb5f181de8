using Dapper;
using Npgsql;

namespace Tollgate.Foundation.Postgres.Embedded;

/// <summary>The roles and the database of the program's own cluster. On a server of the operator's the same is done once by hand (docs/operations).</summary>
internal static class ClusterRoles
{
    public const string DatabaseName = "tollgate";

    /// <summary>For making the roles, and for tests that look behind row-level security; the running program never uses it.</summary>
    public const string Superuser = "postgres";

    public static readonly IReadOnlyList<string> All =
        [DatabaseConnections.OwnerRole, DatabaseConnections.AppRole, DatabaseConnections.IngestRole, DatabaseConnections.WorkerRole];

    public static async Task EnsureAsync(Func<string, string> connectionStringOf, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionStringOf("postgres")) { Pooling = false }.ConnectionString);
        await using (connection.ConfigureAwait(false))
        {
            var existing = (await connection.QueryAsync<string>(new CommandDefinition("SELECT rolname FROM pg_roles", cancellationToken: cancellation)).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal);
            foreach (var role in All.Where(role => !existing.Contains(role)))
                await connection.ExecuteAsync(new CommandDefinition(
                    $"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION", cancellationToken: cancellation)).ConfigureAwait(false);
            if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
                "SELECT EXISTS (SELECT FROM pg_database WHERE datname = @DatabaseName)", new { DatabaseName }, cancellationToken: cancellation)).ConfigureAwait(false))
                return;
            await connection.ExecuteAsync(new CommandDefinition(
                $"CREATE DATABASE {DatabaseName} OWNER {DatabaseConnections.OwnerRole} TEMPLATE template0 ENCODING 'UTF8'", cancellationToken: cancellation)).ConfigureAwait(false);
            await connection.ExecuteAsync(new CommandDefinition(
                $"""
                REVOKE ALL ON DATABASE {DatabaseName} FROM PUBLIC;
                GRANT CONNECT ON DATABASE {DatabaseName} TO {string.Join(", ", All)};
                GRANT TEMPORARY ON DATABASE {DatabaseName} TO {DatabaseConnections.IngestRole};
                """, cancellationToken: cancellation)).ConfigureAwait(false);
        }
    }
}
