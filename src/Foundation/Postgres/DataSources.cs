using Npgsql;

namespace Tollgate.Foundation.Postgres;

/// <summary>One pool of connections for each database role. Empty until the start has found or made the server.</summary>
internal sealed class DataSources : IAsyncDisposable
{
    private static readonly TimeSpan DefaultCommandTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan OpeningTime = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Pools? _pools;

    private sealed record Pools(NpgsqlDataSource App, NpgsqlDataSource Ingest, NpgsqlDataSource Worker, NpgsqlDataSource? Owner);

    public NpgsqlDataSource App => Opened.App;

    public NpgsqlDataSource Ingest => Opened.Ingest;

    public NpgsqlDataSource Worker => Opened.Worker;

    /// <summary>For migrations only.</summary>
    public NpgsqlDataSource Owner => Opened.Owner
        ?? throw new StartupException("Migrations run as tollgate_owner: set ConnectionStrings__Migrate.");

    public bool IsOpen => _pools is not null;

    /// <summary>Waits a moment for a server that is being started: who serves from disk meanwhile has not failed.</summary>
    public Task OpenedAsync(CancellationToken cancellation) => _opened.Task.IsCompleted ? Task.CompletedTask : _opened.Task.WaitAsync(OpeningTime, cancellation);

    private Pools Opened => _pools ?? throw new InvalidOperationException("The database is not open yet: IDatabaseStartup.EnsureReadyAsync comes first.");

    public void Open(DatabaseConnections connections, TimeSpan? commandTimeout = null)
    {
        DapperTypes.Register();
        var timeout = commandTimeout ?? DefaultCommandTimeout;
        _pools = new Pools(
            Pool(connections.App, "tollgate app", 60, timeout),
            Pool(connections.Ingest, "tollgate ingest", 8, timeout * 2, keepSession: true),
            Pool(connections.Worker, "tollgate worker", 30, timeout * 4),
            connections.Owner is null ? null : Pool(connections.Owner, "tollgate migrate", 2, TimeSpan.Zero));
        _opened.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _pools, null) is not { } pools)
            return;
        await pools.App.DisposeAsync().ConfigureAwait(false);
        await pools.Ingest.DisposeAsync().ConfigureAwait(false);
        await pools.Worker.DisposeAsync().ConfigureAwait(false);
        if (pools.Owner is not null)
            await pools.Owner.DisposeAsync().ConfigureAwait(false);
    }

    // The server cuts a statement off (statement_timeout) a little before the client gives up, so that the connection survives it. Zero: no limit.
    // keepSession: what a transaction leaves on the connection (a temporary table) is there for the next one.
    private static NpgsqlDataSource Pool(string connectionString, string name, int size, TimeSpan timeout, bool keepSession = false)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.ApplicationName ??= name;
        if (!settings.ContainsKey("Maximum Pool Size") || settings.MaxPoolSize == 100)
            settings.MaxPoolSize = size;
        settings.NoResetOnClose = keepSession;
        settings.CommandTimeout = timeout == TimeSpan.Zero ? 0 : (int)timeout.TotalSeconds + 2;
        settings.Options = $"{settings.Options} -c statement_timeout={(long)timeout.TotalMilliseconds} -c timezone=UTC".Trim();
        return NpgsqlDataSource.Create(settings);
    }
}
