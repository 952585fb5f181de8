using System.Collections.Concurrent;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>`tollgate backup` and `tollgate restore` on the real program, under load.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly string _backups = Directory.CreateTempSubdirectory("tollgate-backups-").FullName;

    private string Target => Path.Combine(_backups, "one");

    public void Dispose() => Directory.Delete(_backups, recursive: true);

    [Fact(Timeout = 240_000)]
    public async Task RestoreBesideTheSurvivingJournal_EveryAnswerIsLoggedOnce()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var program = await RunningProgram.StartAsync();
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("minute", 10_000_000));
        var answered = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var load = Load.RunAsync(program, market, answered.Enqueue, stop.Token);
        await MoreAsync(answered, 300);
        var (exitCode, output) = await program.CommandAsync("backup", Target);
        exitCode.ShouldBe(0, output);
        await MoreAsync(answered, 300);
        await program.KillAsync();
        await stop.CancelAsync();
        await load;

        // The disk with the database is lost, the one with the journal is not. Its own server ends with the program.
        await GoneAsync(Path.Combine(program.Data, "postgres"));
        (exitCode, output) = await program.CommandAsync("restore", Target);
        exitCode.ShouldBe(0, output);
        output.ShouldMatch(@"survived: [1-9]\d* calls that this database does not have");
        output.ShouldNotContain("LOST");
        await program.StartAgainAsync();
        await Load.ReconciledAsync(program);
        await Load.AssertEachLoggedOnceAsync(market, answered);
    }

    [Fact(Timeout = 240_000)]
    public async Task RestoreWithoutTheJournal_HasAllUpToTheBackupAndSaysWhatIsLost()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var program = await RunningProgram.StartAsync();
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("minute", 10_000_000));
        var answered = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var load = Load.RunAsync(program, market, answered.Enqueue, stop.Token);
        // What the database cannot have: a stream that is open while the backup is taken.
        using var http = RunningProgram.NewClient(program.Gateway);
        using var open = await http.SendAsync(market.Call("/stream?events=100000"), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        answered.Enqueue(open.Headers.GetValues("X-Request-Id").Single());
        await MoreAsync(answered, 300);
        var before = answered.ToList();
        var (exitCode, output) = await program.CommandAsync("backup", Target);
        exitCode.ShouldBe(0, output);
        await MoreAsync(answered, 300);
        await program.KillAsync();
        await stop.CancelAsync();
        await load;

        // Another machine: nothing is there but the backup.
        await using var other = RunningProgram.Prepared();
        (exitCode, output) = await other.CommandAsync("restore", Target);
        exitCode.ShouldBe(0, output);
        output.ShouldMatch(@"LOST: every call that was answered after 20\d\d-");
        await other.StartAgainAsync();
        await Load.ReconciledAsync(other);
        // The session opens: the key that sealed what signs it is there.
        using var there = market.On(other);
        var logged = (await there.RequestLogAsync()).Select(row => row.GetProperty("request_id").GetString()!).ToList();
        logged.Count.ShouldBe(logged.Distinct(StringComparer.Ordinal).Count(), "a call was logged twice");
        before.Except(logged, StringComparer.Ordinal).ShouldBeEmpty("a call that was answered before the backup is not in the request log");
        logged.Count.ShouldBeLessThan(answered.Count);
        using var gateway = RunningProgram.NewClient(other.Gateway);
        using var response = await gateway.SendAsync(there.Call("/small"), TestContext.Current.CancellationToken);
        ((int)response.StatusCode).ShouldBe(200);
        (await other.StopAsync()).ShouldBe(0, other.Output);
    }

    [Fact(Timeout = 180_000)]
    public async Task BackupAndRestore_WhereTheyMustNot_SayWhyAndChangeNothing()
    {
        await using var program = await RunningProgram.StartAsync();
        await RefusedAsync(program, "is no complete backup", "restore", _backups);
        (await program.CommandAsync("backup", Target)).ExitCode.ShouldBe(0);
        Directory.GetFileSystemEntries(_backups).ShouldBe([Target]);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Target).ShouldBe((UnixFileMode)0b111_000_000);
            File.GetUnixFileMode(Path.Combine(Target, "secrets", "master.key")).ShouldBe((UnixFileMode)0b110_000_000);
        }

        await RefusedAsync(program, "A backup overwrites nothing", "backup", Target);
        await RefusedAsync(program, "A Tollgate runs on", "restore", Target);
        (await program.StopAsync()).ShouldBe(0, program.Output);
        await RefusedAsync(program, "There is a database in", "restore", Target);
        // Beside no running program it starts the server for its time.
        (await program.CommandAsync("backup", Path.Combine(_backups, "two"))).ExitCode.ShouldBe(0);

        await using var other = RunningProgram.Prepared();
        Directory.CreateDirectory(Path.Combine(other.Data, "secrets"));
        await File.WriteAllTextAsync(Path.Combine(other.Data, "secrets", "master.key"), Convert.ToBase64String(new byte[32]), TestContext.Current.CancellationToken);
        await RefusedAsync(other, "is another one", "restore", Target);
        Directory.Delete(Path.Combine(other.Data, "secrets"), recursive: true);
        var damaged = Directory.GetFiles(Path.Combine(Target, "postgres", "pgdata", "base", "1")).First(file => new FileInfo(file).Length > 0);
        await using (var file = File.Open(damaged, FileMode.Open))
        {
            var first = file.ReadByte();
            file.Position = 0;
            file.WriteByte((byte)(first ^ 1));
        }
        await RefusedAsync(other, $"1 of ", "restore", Target);
        Directory.Exists(Path.Combine(other.Data, "postgres", "pgdata")).ShouldBeFalse();

        await using var server = RunningProgram.Prepared(new Dictionary<string, string?>(StringComparer.Ordinal) { ["ConnectionStrings__Tollgate"] = "Host=127.0.0.1;Port=1;Database=tollgate;Username=tollgate_app" });
        await RefusedAsync(server, "use that server's own tools", "backup", Path.Combine(_backups, "three"));
        Directory.GetFileSystemEntries(_backups).Order(StringComparer.Ordinal).ShouldBe([Target, Path.Combine(_backups, "two")]);
    }

    private static async Task RefusedAsync(RunningProgram program, string why, params string[] command)
    {
        var (exitCode, output) = await program.CommandAsync(command);
        exitCode.ShouldBe(1, output);
        output.ShouldContain(why);
        output.ShouldNotContain("   at Tollgate");
    }

    private static async Task MoreAsync(ConcurrentQueue<string> answered, int calls)
    {
        for (var goal = answered.Count + calls; answered.Count < goal;)
            await Task.Delay(10, TestContext.Current.CancellationToken);
    }

    private static async Task GoneAsync(string folder)
    {
        while (File.Exists(Path.Combine(folder, "pgdata", "postmaster.pid")))
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Directory.Delete(folder, recursive: true);
    }
}
