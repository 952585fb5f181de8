using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tollgate.Foundation;
using Tollgate.Foundation.Postgres;
using Tollgate.Foundation.Postgres.Embedded;
using Tollgate.Foundation.Postgres.Schema;

namespace Tollgate.TestKit;

/// <summary>A database of its own for a test, with the schema of the given modules: a copy of a template that was migrated once.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private static int _count;

    private readonly EmbeddedCluster _cluster;
    private readonly DataSources _sources = new();

    private TestDatabase(EmbeddedCluster cluster, string name)
    {
        _cluster = cluster;
        Name = name;
        _sources.Open(DatabaseConnections.ForAllRoles(ConnectionString));
        Database = new Database(_sources);
        OwnerOrSuperuser = NpgsqlDataSource.Create(ConnectionString(ClusterRoles.Superuser));
    }

    public string Name { get; }

    public IDatabase Database { get; }

    /// <summary>For arranging and asserting: a superuser, whom row-level security does not bind.</summary>
    public NpgsqlDataSource OwnerOrSuperuser { get; }

    internal DataSources Sources => _sources;

    /// <param name="modules">In the order of their ranks; Foundation's is added when it is not among them.</param>
    public static async Task<TestDatabase> CreateAsync(params SqlModule[] modules)
    {
        ArgumentNullException.ThrowIfNull(modules);
        var cluster = await TestCluster.InstanceAsync().ConfigureAwait(false);
        MigrationFile[] files = [.. modules.Prepend(FoundationModule.Sql).Distinct().SelectMany(MigrationFile.OfModule)];
        var key = Hash(files);
        var template = await TestCluster.Templates.GetOrAdd(key, _ => new Lazy<Task<string>>(() => MakeTemplateAsync(cluster, $"template_{key}", files))).Value.ConfigureAwait(false);
        var name = $"test_{Interlocked.Increment(ref _count)}";
        await RunAsync(cluster, $"CREATE DATABASE {name} TEMPLATE {template} OWNER {DatabaseConnections.OwnerRole}").ConfigureAwait(false);
        return new TestDatabase(cluster, name);
    }

    /// <summary>How the given role (tollgate_app, tollgate_worker, …) reaches this database.</summary>
    public string ConnectionString(string role) => _cluster.ConnectionString(role, Name);

    public async ValueTask DisposeAsync()
    {
        await _sources.DisposeAsync().ConfigureAwait(false);
        await OwnerOrSuperuser.DisposeAsync().ConfigureAwait(false);
        await RunAsync(_cluster, $"DROP DATABASE IF EXISTS {Name} WITH (FORCE)").ConfigureAwait(false);
    }

    private static async Task<string> MakeTemplateAsync(EmbeddedCluster cluster, string name, MigrationFile[] files)
    {
        await RunAsync(cluster, $"CREATE DATABASE {name} OWNER {DatabaseConnections.OwnerRole} TEMPLATE template0").ConfigureAwait(false);
        // A template must have no connection left.
        var settings = new NpgsqlConnectionStringBuilder(cluster.ConnectionString(DatabaseConnections.OwnerRole, name)) { Pooling = false };
        var owner = NpgsqlDataSource.Create(settings);
        await using (owner.ConfigureAwait(false))
            await new Migrator(files, NullLogger.Instance).ApplyAsync(owner, CancellationToken.None).ConfigureAwait(false);
        return name;
    }

    private static async Task RunAsync(EmbeddedCluster cluster, string sql)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(cluster.ConnectionString(ClusterRoles.Superuser, "postgres")) { Pooling = false }.ConnectionString);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync().ConfigureAwait(false);
            var command = new NpgsqlCommand(sql, connection);
            await using (command.ConfigureAwait(false))
                await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
    }

    private static string Hash(MigrationFile[] files) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(files.Select(file => file.Title + file.Checksum)))))[..16];
}
