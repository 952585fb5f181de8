using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tollgate.Foundation.Postgres.Schema;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Postgres;

public sealed class MigratorTests : IAsyncLifetime
{
    private static readonly MigrationFile First = MigrationFile.Of("trial", 1, "first", "CREATE SCHEMA trial;\nCREATE TABLE trial.one (n int);");
    private static readonly MigrationFile Second = MigrationFile.Of("trial", 2, "second", "INSERT INTO trial.one VALUES (1); SELECT pg_sleep(0.05);");

    private TestDatabase _db = null!;
    private NpgsqlDataSource _owner = null!;
    private NpgsqlDataSource _worker = null!;

    public async ValueTask InitializeAsync()
    {
        _db = await TestDatabase.CreateAsync();
        _owner = NpgsqlDataSource.Create(_db.ConnectionString("tollgate_owner"));
        _worker = NpgsqlDataSource.Create(_db.ConnectionString("tollgate_worker"));
    }

    public async ValueTask DisposeAsync()
    {
        await _owner.DisposeAsync();
        await _worker.DisposeAsync();
        await _db.DisposeAsync();
    }

    [Fact]
    public async Task Apply_TwoNodesAtOnce_EachFileOnce()
    {
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Migrator(First, Second).ApplyAsync(_owner, CancellationToken.None)));
        applied.SelectMany(titles => titles).ShouldBe(["trial/0001_first", "trial/0002_second"]);
        (await CountAsync("SELECT count(*) FROM trial.one")).ShouldBe(1);
    }

    [Fact]
    public async Task Apply_AppliedFileWasChanged_RefusesAndNamesIt()
    {
        await Migrator(First).ApplyAsync(_owner, CancellationToken.None);
        var changed = MigrationFile.Of("trial", 1, "first", First.Text + "-- and more");
        var refusal = await Should.ThrowAsync<MigrationException>(() => Migrator(changed, Second).ApplyAsync(_owner, CancellationToken.None));
        refusal.Message.ShouldContain("trial/0001_first was changed");
        (await CountAsync("SELECT count(*) FROM trial.one")).ShouldBe(0);
    }

    [Fact]
    public async Task Apply_FileFails_LeavesNothingOfItAndKeepsThoseBefore()
    {
        var failing = MigrationFile.Of("trial", 2, "failing", "CREATE TABLE trial.two (n int);\n\nINSERT INTO trial.nowhere VALUES (1);");
        var failure = await Should.ThrowAsync<MigrationException>(() => Migrator(First, failing).ApplyAsync(_owner, CancellationToken.None));
        failure.Message.ShouldContain("trial/0002_failing:");
        failure.Message.ShouldContain("trial.nowhere");
        (await CountAsync("SELECT count(*) FROM pg_class WHERE relname = 'two'")).ShouldBe(0);
        (await Migrator(First, Second).ApplyAsync(_owner, CancellationToken.None)).ShouldBe(["trial/0002_second"]);
    }

    [Fact]
    public async Task Apply_FileThatWritesRowsWithADeferredReferenceAndAltersTheirTable_WorksWhereThereAreRows()
    {
        var referring = MigrationFile.Of("trial", 3, "referring", """
            ALTER TABLE trial.one ADD PRIMARY KEY (n);
            CREATE TABLE trial.two (n int REFERENCES trial.one DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO trial.two SELECT n FROM trial.one;
            ALTER TABLE trial.two ENABLE ROW LEVEL SECURITY;
            """);
        (await Migrator(First, Second, referring).ApplyAsync(_owner, CancellationToken.None)).ShouldContain("trial/0003_referring");
        (await CountAsync("SELECT count(*) FROM trial.two")).ShouldBe(1);
    }

    [Fact]
    public async Task Apply_OtherLineEnds_AreTheSameFile()
    {
        await Migrator(First).ApplyAsync(_owner, CancellationToken.None);
        var windows = MigrationFile.Of("trial", 1, "first", First.Text.ReplaceLineEndings("\r\n"));
        (await Migrator(windows).ApplyAsync(_owner, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public void CheckNumbers_Gap_IsRefused() =>
        Should.Throw<MigrationException>(() => MigrationFile.CheckNumbers([First, MigrationFile.Of("trial", 3, "third", "")])).Message.ShouldContain("trial/0003_third");

    [Fact]
    public async Task Apply_JournalHasAGap_IsRefused()
    {
        await Migrator(First, Second).ApplyAsync(_owner, CancellationToken.None);
        await using (var connection = await _owner.OpenConnectionAsync())
            await connection.ExecuteAsync("DELETE FROM foundation.migration WHERE module = 'trial' AND number = 1");
        (await Should.ThrowAsync<MigrationException>(() => Migrator(First, Second).ApplyAsync(_owner, CancellationToken.None))).Message.ShouldContain("gap");
    }

    [Fact]
    public async Task Pending_SchemaIsBehind_NamesTheFiles()
    {
        await Migrator(First).ApplyAsync(_owner, CancellationToken.None);
        (await Migrator(First, Second).PendingAsync(_worker, CancellationToken.None)).ShouldBe(["trial/0002_second"]);
        (await Migrator(First).PendingAsync(_worker, CancellationToken.None)).ShouldBeEmpty();
    }

    private static Migrator Migrator(params MigrationFile[] files) => new(files, NullLogger.Instance);

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        return await connection.QuerySingleAsync<long>(sql);
    }
}
