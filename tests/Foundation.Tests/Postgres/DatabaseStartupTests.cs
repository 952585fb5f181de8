using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Tollgate.Foundation.Postgres;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Postgres;

public sealed class DatabaseStartupTests
{
    [Fact]
    public async Task EnsureReady_WithoutASetting_StartsTheProgramsOwnClusterAndMigratesIt()
    {
        var root = Directory.CreateTempSubdirectory("tg-").FullName;
        File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
        try
        {
            await using var services = Services(("Data:Directory", Path.Combine(root, "data")), ("Postgres:BinDirectory", TestCluster.BinDirectory!));
            var startup = services.GetRequiredService<IDatabaseStartup>();
            await Task.WhenAll(startup.EnsureReadyAsync(CancellationToken.None), startup.EnsureReadyAsync(CancellationToken.None));
            var account = await services.GetRequiredService<IDatabase>().AsAppAsync(TenantContext.Nobody,
                session => session.QuerySingleAsync<Guid?>("SELECT foundation.current_account()"), CancellationToken.None);
            account.ShouldBeNull();
            (await startup.MigrateAsync(CancellationToken.None)).ShouldBeEmpty();

            await using var command = Services(("Data:Directory", Path.Combine(root, "data")), ("Postgres:BinDirectory", TestCluster.BinDirectory!));
            await command.GetRequiredService<IDatabaseStartup>().AttachAsync(CancellationToken.None);
            (await command.GetRequiredService<IDatabase>().AsWorkerAsync(session => session.QuerySingleAsync<long>("SELECT count(*) FROM foundation.migration"), CancellationToken.None)).ShouldBeGreaterThan(0);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task EnsureReady_ExternalSchemaIsBehind_WaitsForMigrate()
    {
        await using var empty = await EmptyDatabase.CreateAsync();
        var clock = new PauseClock();
        await using var node = Services(clock, empty.Settings);
        var ready = node.GetRequiredService<IDatabaseStartup>().EnsureReadyAsync(CancellationToken.None);
        await using var command = Services(empty.Settings);
        // It has looked, and waits until it looks again.
        await clock.Paused.WaitAsync(TimeSpan.FromSeconds(60));
        ready.IsCompleted.ShouldBeFalse();
        var applied = await command.GetRequiredService<IDatabaseStartup>().MigrateAsync(CancellationToken.None);
        applied.ShouldContain("foundation/0001_foundation");
        await ready.WaitAsync(TimeSpan.FromSeconds(60));
        node.GetServices<IHostedService>().ShouldContain((IHostedService)node.GetRequiredService<IChangeFeed>());
    }

    [Fact]
    public async Task Migrate_WithoutTheOwnersConnection_SaysWhichSettingIsMissing()
    {
        await using var empty = await EmptyDatabase.CreateAsync();
        await using var services = Services(empty.Settings[0]);
        (await Should.ThrowAsync<StartupException>(() => services.GetRequiredService<IDatabaseStartup>().MigrateAsync(CancellationToken.None))).Message.ShouldContain("ConnectionStrings__Migrate");
    }

    [Fact]
    public async Task Migrate_OnlyTheOwnersConnectionIsSet_MigratesThatServerAndNoClusterOfItsOwn()
    {
        await using var empty = await EmptyDatabase.CreateAsync();
        var root = Directory.CreateTempSubdirectory("tg-").FullName;
        try
        {
            await using var command = Services(empty.Settings[1], ("Data:Directory", root));
            (await command.GetRequiredService<IDatabaseStartup>().MigrateAsync(CancellationToken.None)).ShouldContain("foundation/0001_foundation");
            await using var node = Services(empty.Settings[1], ("Data:Directory", root));
            (await Should.ThrowAsync<StartupException>(() => node.GetRequiredService<IDatabaseStartup>().EnsureReadyAsync(CancellationToken.None))).Message.ShouldContain("ConnectionStrings__Tollgate");
            Directory.EnumerateFileSystemEntries(root).ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void FromSettings_OneConnectionString_OtherRolesUseItWithTheirNames()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Tollgate", "Host=db;Username=tollgate_app;Password=p;Database=tollgate")]).Build();
        var connections = DatabaseConnections.FromSettings(configuration)!;
        new NpgsqlConnectionStringBuilder(connections.Worker).Username.ShouldBe("tollgate_worker");
        new NpgsqlConnectionStringBuilder(connections.Ingest).Username.ShouldBe("tollgate_ingest");
        new NpgsqlConnectionStringBuilder(connections.Ingest).Host.ShouldBe("db");
        connections.Owner.ShouldBeNull();
    }

    private static ServiceProvider Services(params (string Key, string Value)[] settings) => Services(TimeProvider.System, settings);

    private static ServiceProvider Services(TimeProvider clock, params (string Key, string Value)[] settings) => new ServiceCollection()
        .AddLogging()
        .AddSingleton(clock)
        .AddFoundationPostgres(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build())
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build())
        .BuildServiceProvider();

    /// <summary>Tells when somebody begins to wait on it.</summary>
    private sealed class PauseClock : TimeProvider
    {
        private readonly TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Paused => _paused.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _paused.TrySetResult();
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }

    /// <summary>As an operator prepares one: roles and a database, no schema.</summary>
    private sealed class EmptyDatabase(TestDatabase beside, string name) : IAsyncDisposable
    {
        public (string, string)[] Settings => [("ConnectionStrings:Tollgate", Of("tollgate_app")), ("ConnectionStrings:Migrate", Of("tollgate_owner"))];

        public static async Task<EmptyDatabase> CreateAsync()
        {
            var beside = await TestDatabase.CreateAsync();
            var empty = new EmptyDatabase(beside, $"{beside.Name}_empty");
            await empty.ExecuteAsync($"CREATE DATABASE {empty.Name} OWNER tollgate_owner TEMPLATE template0");
            return empty;
        }

        private string Name => name;

        public async ValueTask DisposeAsync()
        {
            await ExecuteAsync($"DROP DATABASE {name} WITH (FORCE)");
            await beside.DisposeAsync();
        }

        private string Of(string role) => new NpgsqlConnectionStringBuilder(beside.ConnectionString(role)) { Database = name }.ConnectionString;

        private async Task ExecuteAsync(string sql)
        {
            await using var connection = await beside.OwnerOrSuperuser.OpenConnectionAsync();
            await connection.ExecuteAsync(sql);
        }
    }
}
