using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Foundation.Postgres.Embedded;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Postgres.Embedded;

/// <summary>On real servers. Run as root (as in containers) they also show the hand-over to an unprivileged user.</summary>
public sealed class EmbeddedClusterTests : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("tg-").FullName;
    private readonly Lines _log = new();
    private readonly List<EmbeddedCluster> _clusters = [];

    private sealed class Lines : ILogger
    {
        public ConcurrentQueue<string> All { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue(formatter(state, exception));
    }

    // The folder that CreateTempSubdirectory makes is closed to others; the server's user must pass.
    public ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(_root, (UnixFileMode)0b111_101_101);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var cluster in _clusters)
            await cluster.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Start_FirstTime_MakesRolesThatCannotPassRowLevelSecurityAndNoNetwork()
    {
        var cluster = await StartAsync(Folder("data"));
        await using var connection = new NpgsqlConnection(cluster.ConnectionString("tollgate_owner"));
        await connection.OpenAsync();
        (await connection.QueryAsync<string>("SELECT rolname FROM pg_roles WHERE rolname LIKE 'tollgate%' AND rolcanlogin AND NOT rolbypassrls AND NOT rolsuper ORDER BY 1"))
            .ShouldBe(["tollgate_app", "tollgate_ingest", "tollgate_owner", "tollgate_worker"]);
        (await connection.QuerySingleAsync<string>("SHOW listen_addresses")).ShouldBe("");
        (await connection.QuerySingleAsync<string>("SHOW fsync")).ShouldBe("on");
        (await connection.QuerySingleAsync<string>("SHOW synchronous_commit")).ShouldBe("on");
        File.GetUnixFileMode(cluster.SocketDirectory).ShouldBe((UnixFileMode)0b111_000_000);
        File.ReadAllText(Path.Combine(cluster.DataFolder, "pg_hba.conf")).ShouldBe("local all all peer map=tollgate\n");
        if (Environment.UserName == "root")
            OwnerOf(cluster.ServerProcessId!.Value).ShouldNotBe(0);
    }

    [Fact]
    public async Task Start_ServerIsKilled_ComesBackWithWhatWasCommitted()
    {
        var cluster = await StartAsync(Folder("data"));
        await ExecuteAsync(cluster, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
        var killed = cluster.ServerProcessId!.Value;
        Native.Signal(killed, Native.Kill).ShouldBeTrue();
        await Wait.UntilAsync(async () => await CountAsync(cluster) == 1, "the server again", 60);
        cluster.ServerProcessId.ShouldNotBe(killed);
        cluster.ServerStarts.ShouldBeGreaterThan(1);
        _log.All.ShouldContain(line => line.StartsWith("PostgreSQL ended by itself", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_AfterAProgramThatWasKilled_EndsItsServerAndRecovers()
    {
        var data = Folder("data");
        var first = await StartAsync(data);
        await ExecuteAsync(first, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
        var folder = first.DataFolder;
        var socket = first.SocketDirectory;
        await first.DisposeAsync();
        // An orphan: the same server, started by nobody who would stop it.
        var user = ServerUser.Choose();
        var binaries = await ServerBinaries.FindAsync(TestCluster.BinDirectory, null, user, CancellationToken.None);
        using var orphan = Process.Start(user.Command(binaries.Server, ServerSettings.Arguments(new ClusterFolder(Path.GetDirectoryName(folder)!, socket), new ClusterOptions(data)), detached: false))!;
        await Wait.UntilAsync(() => File.Exists(Path.Combine(folder, "postmaster.pid")) && File.ReadAllText(Path.Combine(folder, "postmaster.pid")).Contains("ready", StringComparison.Ordinal), "the orphan");

        var second = await StartAsync(data);
        await orphan.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        (await CountAsync(second)).ShouldBe(1);
        _log.All.ShouldContain(line => line.StartsWith("A PostgreSQL of an earlier run still works", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_PidFileNamesAnotherProcess_IsNotTakenForAServer()
    {
        var data = Folder("data");
        var first = await StartAsync(data);
        var folder = first.DataFolder;
        await first.DisposeAsync();
        // As after a restart of the machine: the number belongs to a process of the same user that has nothing to do with it.
        var user = ServerUser.Choose();
        using var other = Process.Start(user.Command("/bin/sleep", ["60"], detached: false))!;
        File.WriteAllText(Path.Combine(folder, "postmaster.pid"), $"{other.Id}\n{folder}\n1\n5432\n\n\n");
        try
        {
            var second = await StartAsync(data);
            second.ServerProcessId.ShouldNotBeNull();
            other.HasExited.ShouldBeFalse();
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public async Task Start_FolderIsHeldByAnotherProgram_SaysSoAndAttachWorks()
    {
        var data = Folder("data");
        await StartAsync(data);
        var second = Cluster(data);
        (await Should.ThrowAsync<EmbeddedClusterException>(() => second.StartAsync(attach: false, CancellationToken.None))).Message.ShouldContain("Another Tollgate runs on");
        var command = Cluster(data);
        await command.StartAsync(attach: true, CancellationToken.None);
        command.IsOwn.ShouldBeFalse();
        await ExecuteAsync(command, "SELECT 1");
    }

    [Fact]
    public async Task Start_ServersUserCannotEnterTheFolder_SaysSoAndTakesAnother()
    {
        if (Environment.UserName != "root")
            return; // Anybody else runs the server as himself, and can enter what he could make.
        var closed = Path.Combine(_root, "home");
        Directory.CreateDirectory(closed, (UnixFileMode)0b111_000_000);
        var data = Path.Combine(closed, "clone", "data");
        string elsewhere;
        await using (var cluster = Cluster(data))
        {
            await cluster.StartAsync(attach: false, CancellationToken.None);
            elsewhere = cluster.DataFolder;
            elsewhere.ShouldNotStartWith(closed);
            _log.All.ShouldContain(line => line.Contains("cannot enter", StringComparison.Ordinal));
            await ExecuteAsync(cluster, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
        }
        try
        {
            // Opening the folder later must not make an empty database out of a full one.
            File.SetUnixFileMode(closed, (UnixFileMode)0b111_101_101);
            await using var again = Cluster(data);
            await again.StartAsync(attach: false, CancellationToken.None);
            again.DataFolder.ShouldBe(elsewhere);
            (await CountAsync(again)).ShouldBe(1);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(elsewhere)!, recursive: true);
        }
    }

    [Fact]
    public async Task Start_PathTooLongForASocket_TakesAShortOne()
    {
        var cluster = await StartAsync(Folder(Path.Combine(new string('a', 60), new string('b', 60))));
        cluster.SocketDirectory.ShouldNotStartWith(_root);
        (cluster.SocketDirectory.Length + "/.s.PGSQL.5432.lock".Length).ShouldBeLessThan(108);
        await cluster.DisposeAsync();
        Directory.Exists(cluster.SocketDirectory).ShouldBeFalse();
    }

    [Fact]
    public async Task Start_ClusterOfAnotherVersion_StopsAndSaysWhatToDo()
    {
        var data = Folder("data");
        var folder = Path.Combine(data, "postgres", "pgdata");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "PG_VERSION"), "9\n");
        var failure = await Should.ThrowAsync<EmbeddedClusterException>(() => StartAsync(data));
        failure.Message.ShouldContain("made by PostgreSQL 9");
        failure.Message.ShouldContain("Nothing was changed");
    }

    [Fact]
    public async Task Start_InitialisationWasInterrupted_BeginsItAnew()
    {
        var data = Folder("data");
        Directory.CreateDirectory(Path.Combine(data, "postgres", "pgdata.new", "base"));
        var cluster = await StartAsync(data);
        await ExecuteAsync(cluster, "SELECT 1");
    }

    [Fact]
    public async Task Stop_ServerOfOurs_IsGoneAndLeavesNoPidFile()
    {
        var cluster = await StartAsync(Folder("data"));
        var server = cluster.ServerProcessId!.Value;
        await cluster.DisposeAsync();
        Native.IsAlive(server).ShouldBeFalse();
        File.Exists(Path.Combine(cluster.DataFolder, "postmaster.pid")).ShouldBeFalse();
    }

    private string Folder(string name) => Path.Combine(_root, name);

    private EmbeddedCluster Cluster(string data)
    {
        var cluster = new EmbeddedCluster(new ClusterOptions(data, TestCluster.BinDirectory), _log);
        _clusters.Add(cluster);
        return cluster;
    }

    private async Task<EmbeddedCluster> StartAsync(string data)
    {
        var cluster = Cluster(data);
        await cluster.StartAsync(attach: false, CancellationToken.None);
        return cluster;
    }

    private static async Task ExecuteAsync(EmbeddedCluster cluster, string sql)
    {
        await using var connection = new NpgsqlConnection(Unpooled(cluster));
        await connection.ExecuteAsync(sql);
    }

    private static async Task<long> CountAsync(EmbeddedCluster cluster)
    {
        try
        {
            await using var connection = new NpgsqlConnection(Unpooled(cluster));
            return await connection.QuerySingleAsync<long>("SELECT count(*) FROM kept");
        }
        catch (NpgsqlException)
        {
            return -1;
        }
    }

    private static string Unpooled(EmbeddedCluster cluster) => new NpgsqlConnectionStringBuilder(cluster.ConnectionString("tollgate_owner")) { Pooling = false, SearchPath = "public" }.ConnectionString;

    private static int OwnerOf(int process) =>
        int.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1]);
}
