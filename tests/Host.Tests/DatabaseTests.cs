using System.Net;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>Where the program's data are: on a server of the operator's, and in a folder that another version of PostgreSQL made.</summary>
public sealed class DatabaseTests
{
    [Fact(Timeout = 180_000)]
    public async Task ExternalServerOverTcpWithPasswords_WaitsForMigrateThenDoesTheMainJob()
    {
        await using var server = await ExternalPostgres.StartAsync();
        await using var upstream = await FakeUpstream.StartAsync();
        await using var program = RunningProgram.Launched(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings__Tollgate"] = server.ConnectionString("tollgate_app"),
            ["ConnectionStrings__Ingest"] = server.ConnectionString("tollgate_ingest"),
            ["ConnectionStrings__Worker"] = server.ConnectionString("tollgate_worker"),
        });
        await program.UntilItSaysAsync("The schema is behind");
        (await program.IsReadyAsync()).ShouldBeFalse();

        // As docs/operations/run.md has it: the owner's connection and nothing else.
        var owner = Owner(server.ConnectionString("tollgate_owner"));
        var (exitCode, output) = await program.CommandAsync(owner, "migrate");
        exitCode.ShouldBe(0, output);
        output.ShouldContain("applied foundation/0001_foundation");
        output.ShouldContain("applied catalog/0001");
        (exitCode, output) = await program.CommandAsync(owner, "migrate");
        exitCode.ShouldBe(0, output);
        output.ShouldContain("nothing was applied");

        await program.UntilReadyAsync();
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("minute", 20));
        using var http = RunningProgram.NewClient(program.Gateway);
        for (var i = 0; i < 20; i++)
            using (var response = await http.SendAsync(market.Call("/small"), TestContext.Current.CancellationToken))
                response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await market.SettledRequestsAsync(program, 20)).ShouldBe(20);
        await Load.ReconciledAsync(program);
        Directory.Exists(Path.Combine(program.Data, "postgres")).ShouldBeFalse("a cluster of its own beside the external server");
        (await program.StopAsync()).ShouldBe(0, program.Output);
    }

    [Fact(Timeout = 120_000)]
    public async Task Migrate_WrongPassword_SaysSoInASentence()
    {
        await using var server = await ExternalPostgres.StartAsync();
        await using var program = RunningProgram.Launched(new Dictionary<string, string?>(StringComparer.Ordinal) { ["ConnectionStrings__Tollgate"] = server.ConnectionString("tollgate_app") });
        var (exitCode, output) = await program.CommandAsync(Owner(server.ConnectionString("tollgate_owner", password: "wrong")), "migrate");
        exitCode.ShouldBe(1, output);
        output.ShouldContain("The database cannot be used");
        output.ShouldContain("password authentication failed for user \"tollgate_owner\"");
        output.ShouldNotContain("   at ");
    }

    [Fact(Timeout = 120_000)]
    public async Task DataFolderOfAnotherMajorVersion_StopsTheStartWithWhatToDoAndLeavesItAlone()
    {
        await using var program = await RunningProgram.StartAsync();
        (await program.StopAsync()).ShouldBe(0, program.Output);
        var cluster = Path.Combine(program.Data, "postgres", "pgdata");
        var version = Path.Combine(cluster, "PG_VERSION");
        var real = await File.ReadAllTextAsync(version, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(version, "14\n", TestContext.Current.CancellationToken);
        var before = Files(cluster);

        (await program.StartInVainAsync()).ShouldBe(1);
        program.Output.ShouldContain("Tollgate cannot start: The data folder was made by PostgreSQL 14");
        program.Output.ShouldContain("apt install postgresql-14");
        program.Output.ShouldContain("docs/operations/backup.md");
        program.Output.ShouldNotContain("   at Tollgate");
        Files(cluster).ShouldBe(before);

        await File.WriteAllTextAsync(version, real, TestContext.Current.CancellationToken);
        await program.StartAgainAsync();
    }

    private static Dictionary<string, string?> Owner(string connectionString) => new(StringComparer.Ordinal)
    {
        ["ConnectionStrings__Migrate"] = connectionString,
        ["ConnectionStrings__Tollgate"] = null,
        ["ConnectionStrings__Ingest"] = null,
        ["ConnectionStrings__Worker"] = null,
    };

    private static List<string> Files(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Select(file => $"{file.FullName} {file.Length} {file.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal)];
}
