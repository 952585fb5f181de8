using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tollgate.Foundation.Postgres.Embedded;

namespace Tollgate.TestKit;

/// <summary>A server as an operator has one: reached by TCP only, with passwords (scram), roles and database made once by deploy/postgres/roles.sql.</summary>
public sealed class ExternalPostgres : IAsyncDisposable
{
    private const string Superuser = "postgres";

    // What connection strings, the shell and SQL each read in their own way.
    private const string Password = "it's a \"pass;word\" =";

    private readonly string _home;
    private readonly Func<ServerProcess> _newServer;
    private ServerProcess _server;

    private ExternalPostgres(string home, Func<ServerProcess> newServer, int port)
    {
        _home = home;
        _newServer = newServer;
        _server = newServer();
        Port = port;
    }

    public int Port { get; }

    public static async Task<ExternalPostgres> StartAsync()
    {
        var user = ServerUser.Choose();
        var binaries = await ServerBinaries.FindAsync(TestCluster.BinDirectory, null, user, CancellationToken.None).ConfigureAwait(false);
        var home = Directory.CreateTempSubdirectory("tollgate-external-").FullName;
        Native.GiveTo(home, user);
        var data = Path.Combine(home, "data");
        var passwordFile = Path.Combine(home, "password");
        await File.WriteAllTextAsync(passwordFile, PasswordOf(Superuser)).ConfigureAwait(false);
        Native.GiveTo(passwordFile, user);
        var (exit, output) = await user.RunAsync(binaries.InitDb,
            ["-D", data, "-U", Superuser, "--auth=scram-sha-256", $"--pwfile={passwordFile}", "--no-locale", "-E", "UTF8", "--no-sync"], CancellationToken.None).ConfigureAwait(false);
        if (exit != 0)
            throw new InvalidOperationException(output);
        var port = FreePort.Take();
        string[] arguments = ["-D", data, "-c", "listen_addresses=127.0.0.1", "-c", $"port={port}", "-c", "unix_socket_directories=", "-c", "fsync=off"];
        var server = new ExternalPostgres(home, () => new ServerProcess(() => user.Command(binaries.Server, arguments, detached: true), NullLogger.Instance), port);
        server._server.Start();
        await server.AnswersAsync().ConfigureAwait(false);
        await server.MakeRolesAsync().ConfigureAwait(false);
        return server;
    }

    public string ConnectionString(string role, string database = "tollgate", string? password = null) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Database = database,
        Username = role,
        Password = password ?? PasswordOf(role),
    }.ConnectionString;

    /// <summary>The server is gone, until it is started again with all that it had.</summary>
    public Task StopAsync() => _server.StopAsync(Native.Quit, TimeSpan.FromSeconds(30));

    public Task StartAgainAsync()
    {
        _server = _newServer();
        _server.Start();
        return AnswersAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(Native.Quit, TimeSpan.FromSeconds(30)).ConfigureAwait(false);
        _server.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    private static string PasswordOf(string role) => $"{Password} {role}";

    private async Task AnswersAsync()
    {
        for (var watch = Stopwatch.StartNew(); ;)
        {
            try
            {
                var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString(Superuser, "postgres")) { Pooling = false }.ConnectionString);
                await using (connection.ConfigureAwait(false))
                    await connection.OpenAsync().ConfigureAwait(false);
                return;
            }
            catch (NpgsqlException notYet)
            {
                if (watch.Elapsed > TimeSpan.FromSeconds(60))
                    throw new InvalidOperationException(_server.Said, notYet);
                await Task.Delay(50).ConfigureAwait(false);
            }
        }
    }

    // By psql, as the file says.
    private async Task MakeRolesAsync()
    {
        string[] passwords = [.. new[] { "owner", "app", "ingest", "worker" }.SelectMany(role => (string[])["-v", $"{role}_password={PasswordOf($"tollgate_{role}")}"])];
        string[] arguments = ["-h", "127.0.0.1", "-p", $"{Port}", "-U", Superuser, "-v", "ON_ERROR_STOP=1", .. passwords, "-f", RolesFile()];
        var start = new ProcessStartInfo(ServerUser.Find("psql") ?? "psql", arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PGPASSWORD"] = PasswordOf(Superuser);
        using var psql = Process.Start(start)!;
        var errors = psql.StandardError.ReadToEndAsync();
        await psql.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await psql.WaitForExitAsync().ConfigureAwait(false);
        if (psql.ExitCode != 0)
            throw new InvalidOperationException(await errors.ConfigureAwait(false));
    }

    private static string RolesFile([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "deploy", "postgres", "roles.sql"));
}
