using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Foundation.Postgres.Embedded;
using Tollgate.Foundation.Postgres.Schema;

namespace Tollgate.Foundation.Postgres;

internal sealed class DatabaseStartup(IConfiguration configuration, DataSources sources, IEnumerable<SqlModule> modules, TimeProvider clock, ILogger<DatabaseStartup> logger)
    : IDatabaseStartup, IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _once = new(1);
    private readonly Lazy<Migrator> _migrator = new(() => new Migrator(modules.Distinct(), logger));
    private EmbeddedCluster? _cluster;
    private bool _ready;

    public async Task LaunchAsync(CancellationToken cancellation)
    {
        await _once.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_cluster is null && DatabaseConnections.FromSettings(configuration, toMigrate: false) is null)
                await LaunchAsync(attach: false, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _once.Release();
        }
    }

    public Task EnsureReadyAsync(CancellationToken cancellation) => OnceAsync(attach: false, cancellation);

    public Task AttachAsync(CancellationToken cancellation) => OnceAsync(attach: true, cancellation);

    public async Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancellation)
    {
        await _once.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await OpenAsync(attach: true, toMigrate: true, cancellation).ConfigureAwait(false);
            return await _migrator.Value.ApplyAsync(sources.Owner, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _once.Release();
        }
    }

    public async Task<string> StartServerAsync(CancellationToken cancellation) => (await OpenClusterAsync(attach: false, cancellation).ConfigureAwait(false)).SocketDirectory;

    /// <summary>The program's own cluster, running; its schema is left as it is.</summary>
    public async Task<EmbeddedCluster> OpenClusterAsync(bool attach, CancellationToken cancellation)
    {
        await _once.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await OpenAsync(attach, toMigrate: false, cancellation).ConfigureAwait(false);
            return _cluster ?? throw new StartupException(
                "The database is on a server of yours (ConnectionStrings__Tollgate): use that server's own tools. This command is for the program's own cluster.");
        }
        finally
        {
            _once.Release();
        }
    }

    // The pools are closed before the server that they lead to.
    public async ValueTask DisposeAsync()
    {
        await sources.DisposeAsync().ConfigureAwait(false);
        if (_cluster is not null)
            await _cluster.DisposeAsync().ConfigureAwait(false);
        _once.Dispose();
    }

    private async Task OnceAsync(bool attach, CancellationToken cancellation)
    {
        await _once.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_ready)
                return;
            await OpenAsync(attach, toMigrate: false, cancellation).ConfigureAwait(false);
            if (_cluster is { IsOwn: true })
                await _migrator.Value.ApplyAsync(sources.Owner, cancellation).ConfigureAwait(false);
            else
                await SchemaIsThereAsync(cancellation).ConfigureAwait(false);
            _ready = true;
        }
        finally
        {
            _once.Release();
        }
    }

    private async Task OpenAsync(bool attach, bool toMigrate, CancellationToken cancellation)
    {
        if (sources.IsOpen)
            return;
        var connections = DatabaseConnections.FromSettings(configuration, toMigrate);
        if (connections is null)
        {
            var cluster = _cluster ?? await LaunchAsync(attach, cancellation).ConfigureAwait(false);
            try
            {
                await cluster.AnswersAsync(cancellation).ConfigureAwait(false);
            }
            catch
            {
                // It has ended: the next attempt begins anew.
                _cluster = null;
                throw;
            }
            connections = DatabaseConnections.ForAllRoles(role => cluster.ConnectionString(role));
        }
        sources.Open(connections, TimeSpan.FromSeconds(configuration.GetValue("Postgres:CommandTimeoutSeconds", 30)));
    }

    private async Task<EmbeddedCluster> LaunchAsync(bool attach, CancellationToken cancellation)
    {
        var cluster = new EmbeddedCluster(new ClusterOptions(configuration["Data:Directory"] ?? "data", configuration["Postgres:BinDirectory"]), logger);
        await cluster.LaunchAsync(attach, cancellation).ConfigureAwait(false);
        return _cluster = cluster;
    }

    // A server of the operator's is migrated by the operator: nodes that start on their own must not change it under those that run.
    private async Task SchemaIsThereAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var pending = await _migrator.Value.PendingAsync(sources.Worker, cancellation).ConfigureAwait(false);
                if (pending.Count == 0)
                    return;
                logger.LogWarning("The schema is behind by {Count} files ({First} is next): waiting for `tollgate migrate`", pending.Count, pending[0]);
            }
            catch (NpgsqlException unreachable)
            {
                logger.LogWarning("The database cannot be used yet, waiting for it: {Reason}", unreachable.Message);
            }
            await Task.Delay(Pause, clock, cancellation).ConfigureAwait(false);
        }
    }
}
