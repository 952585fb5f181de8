using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Tollgate.Foundation.Postgres.Embedded;

/// <param name="BinDirectory">Where the server programs are; null: look for them.</param>
/// <param name="Durable">False only for tests: a crash of the machine may then lose the cluster.</param>
internal sealed record ClusterOptions(string DataDirectory, string? BinDirectory = null, bool Durable = true);

/// <summary>
/// The program's own PostgreSQL: made on first use, reached by a Unix socket only, with the identity of the operating system's user instead of passwords,
/// stopped with the program and recovered whichever of the two was killed.
/// </summary>
internal sealed class EmbeddedCluster(ClusterOptions options, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private ClusterLock? _lock;
    private ClusterFolder? _folder;
    private ServerProcess? _server;
    private string? _socket;

    public string SocketDirectory => _socket ?? throw new InvalidOperationException("The cluster is not started.");

    public string DataFolder => _folder?.Data ?? throw new InvalidOperationException("The cluster is not started.");

    /// <summary>False when it is the cluster of another program.</summary>
    public bool IsOwn => _lock is not null;

    public int? ServerProcessId => _server?.ProcessId;

    /// <summary>How often the server was started; more than once means that it ended by itself.</summary>
    public int ServerStarts => _server?.Starts ?? 0;

    public string ConnectionString(string role, string database = ClusterRoles.DatabaseName) =>
        new NpgsqlConnectionStringBuilder { Host = SocketDirectory, Username = role, Database = database, SslMode = SslMode.Disable, Timeout = 15 }.ConnectionString;

    /// <param name="attach">For commands beside a running program: use its server instead of refusing.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task StartAsync(bool attach, CancellationToken cancellation)
    {
        await LaunchAsync(attach, cancellation).ConfigureAwait(false);
        await AnswersAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Says what is wrong with the folder or the programs, and returns when the server's process runs; it answers a moment later.</summary>
    /// <inheritdoc cref="StartAsync"/>
    public async Task LaunchAsync(bool attach, CancellationToken cancellation)
    {
        var user = ServerUser.Choose();
        _lock = ClusterLock.TryTake(options.DataDirectory);
        if (_lock is null && !attach)
            throw new EmbeddedClusterException($"Another Tollgate runs on {Path.GetFullPath(options.DataDirectory)}. Stop it, or give this one a Data__Directory of its own.");
        if (_lock is null)
            await AttachAsync(user, cancellation).ConfigureAwait(false);
        else
            await OrEndAsync(() => LaunchOwnAsync(user, cancellation)).ConfigureAwait(false);
    }

    /// <summary>After <see cref="LaunchAsync"/>: returns when the server can be used.</summary>
    public Task AnswersAsync(CancellationToken cancellation) => OrEndAsync(async () =>
    {
        await ConnectsAsync(cancellation).ConfigureAwait(false);
        if (IsOwn)
            await ClusterRoles.EnsureAsync(database => ConnectionString(ClusterRoles.Superuser, database), cancellation).ConfigureAwait(false);
    });

    public async ValueTask DisposeAsync()
    {
        if (_server is { } server)
        {
            _server = null;
            await server.StopAsync(options.Durable ? Native.Interrupt : Native.Quit, TimeSpan.FromSeconds(30)).ConfigureAwait(false);
            server.Dispose();
        }
        _folder?.RemoveTemporarySocket();
        _lock?.Dispose();
        _lock = null;
    }

    private async Task OrEndAsync(Func<Task> start)
    {
        try
        {
            await start().ConfigureAwait(false);
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task LaunchOwnAsync(ServerUser user, CancellationToken cancellation)
    {
        var folder = await ClusterFolder.ChooseAsync(options.DataDirectory, user, logger, cancellation).ConfigureAwait(false);
        _folder = folder;
        var binaries = await ServerBinaries.FindAsync(options.BinDirectory, folder.Major, user, cancellation).ConfigureAwait(false);
        if (folder.Major is null)
            await InitialiseAsync(folder, binaries, user, cancellation).ConfigureAwait(false);
        await Orphan.EndAsync(folder, logger, cancellation).ConfigureAwait(false);
        AccessFiles.Write(folder, user);
        _socket = folder.Socket;
        _server = new ServerProcess(() => user.Command(binaries.Server, ServerSettings.Arguments(folder, options), detached: true), logger);
        _server.Start();
        logger.LogInformation("PostgreSQL {Major} starts in {Folder} as {User}", binaries.Major, folder.Home, user.Name);
    }

    private async Task AttachAsync(ServerUser user, CancellationToken cancellation)
    {
        _folder = await ClusterFolder.ChooseAsync(options.DataDirectory, user, logger, cancellation).ConfigureAwait(false);
        if (Orphan.ReadPidFile(_folder) is not { Socket.Length: > 0 } running)
            throw new EmbeddedClusterException($"Another Tollgate holds {Path.GetFullPath(options.DataDirectory)}, but its PostgreSQL does not run (yet). Try again in a moment.");
        _socket = running.Socket;
    }

    // Made beside its place and moved there, so that a half-made cluster is never taken for one.
    private async Task InitialiseAsync(ClusterFolder folder, ServerBinaries binaries, ServerUser user, CancellationToken cancellation)
    {
        var making = folder.Data + ".new";
        if (Directory.Exists(making))
            Directory.Delete(making, recursive: true);
        string[] arguments = ["-D", making, "-U", ClusterRoles.Superuser, "--no-locale", "-E", "UTF8", "--auth-local=peer", "--auth-host=reject", "--data-checksums"];
        var (exit, output) = await user.RunAsync(binaries.InitDb, options.Durable ? arguments : [.. arguments, "--no-sync"], cancellation).ConfigureAwait(false);
        if (exit != 0)
            throw new EmbeddedClusterException($"initdb failed in {folder.Home}: {output}");
        Directory.Move(making, folder.Data);
    }

    private async Task ConnectsAsync(CancellationToken cancellation)
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString(ClusterRoles.Superuser, "postgres")) { Pooling = false, Timeout = 5 };
        for (var watch = Stopwatch.StartNew(); ;)
        {
            try
            {
                var connection = new NpgsqlConnection(settings.ConnectionString);
                await using (connection.ConfigureAwait(false))
                    await connection.OpenAsync(cancellation).ConfigureAwait(false);
                return;
            }
            catch (NpgsqlException notYet)
            {
                if (watch.Elapsed > StartPatience || _server is { Starts: > 4 })
                    throw new EmbeddedClusterException($"PostgreSQL does not start in {_folder?.Home}: {notYet.Message} {_server?.Said}", notYet);
                await Task.Delay(20, cancellation).ConfigureAwait(false);
            }
        }
    }
}
