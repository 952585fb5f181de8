using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tollgate.Foundation.Jobs;
using Tollgate.Foundation.Postgres;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Jobs;

public sealed class RecurringJobsTests
{
    private sealed class Runs
    {
        private int _now;

        public int Count;

        public int MostAtOnce;

        public async Task RunAsync()
        {
            var now = Interlocked.Increment(ref _now);
            lock (this)
                MostAtOnce = Math.Max(MostAtOnce, now);
            Interlocked.Increment(ref Count);
            await Task.Delay(200);
            Interlocked.Decrement(ref _now);
        }
    }

    private sealed class CountingJob(Runs runs) : IRecurringJob
    {
        public Task RunAsync(CancellationToken cancellation) => runs.RunAsync();
    }

    private sealed class Up : IDatabaseStartup
    {
        public Task LaunchAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task EnsureReadyAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task AttachAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task<string> StartServerAsync(CancellationToken cancellation) => Task.FromResult("");

        public Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<string>>([]);
    }

    [Fact]
    public async Task Schedule_TwoNodes_RunsOnceATimeInAll()
    {
        await using var db = await TestDatabase.CreateAsync();
        var runs = new Runs();
        await using var one = Node(db, runs, TimeSpan.FromHours(1));
        await using var two = Node(db, runs, TimeSpan.FromHours(1));
        IHostedService[] nodes = [Scheduler(one), Scheduler(two)];
        await Task.WhenAll(nodes.Select(node => node.StartAsync(CancellationToken.None)));
        await Wait.UntilAsync(() => runs.Count > 0, "the first run");
        foreach (var node in nodes)
            await node.StopAsync(CancellationToken.None);
        runs.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Schedule_NodeStartsAgain_KeepsTheRhythm()
    {
        await using var db = await TestDatabase.CreateAsync();
        var runs = new Runs();
        for (var start = 0; start < 3; start++)
        {
            await using var node = Node(db, runs, TimeSpan.FromHours(1));
            var scheduler = Scheduler(node);
            await scheduler.StartAsync(CancellationToken.None);
            await Wait.UntilAsync(() => runs.Count > 0, "the first run");
            await scheduler.StopAsync(CancellationToken.None);
        }
        runs.Count.ShouldBe(1, "a restart must not start the hour anew");
    }

    [Fact]
    public async Task Schedule_OftenOnTwoNodes_NeverTwoAtOnce()
    {
        await using var db = await TestDatabase.CreateAsync();
        var runs = new Runs();
        await using var one = Node(db, runs, TimeSpan.FromSeconds(1));
        await using var two = Node(db, runs, TimeSpan.FromSeconds(1));
        IHostedService[] nodes = [Scheduler(one), Scheduler(two)];
        foreach (var node in nodes)
            await node.StartAsync(CancellationToken.None);
        await Wait.UntilAsync(() => runs.Count >= 3, "three runs");
        foreach (var node in nodes)
            await node.StopAsync(CancellationToken.None);
        runs.MostAtOnce.ShouldBe(1);
    }

    [Fact]
    public void Add_TwoJobsOfOneName_IsRefused() =>
        Should.Throw<ArgumentException>(() => new RecurringJobs().Add<CountingJob>("count", TimeSpan.FromMinutes(1)).Add<CountingJob>("count", "0 0 3 * * ?"));

    private static ServiceProvider Node(TestDatabase db, Runs runs, TimeSpan interval) => new ServiceCollection()
        .AddLogging()
        .AddSingleton(runs)
        .AddSingleton(TimeProvider.System)
        .AddSingleton<IDatabaseStartup, Up>()
        .AddSingleton(_ => Sources(db))
        .AddSingleton<Database>()
        .AddRecurringJobs(jobs => jobs.Add<CountingJob>("count", interval))
        .BuildServiceProvider();

    // Its own pools, as another process would have.
    private static DataSources Sources(TestDatabase db)
    {
        var sources = new DataSources();
        sources.Open(DatabaseConnections.ForAllRoles(db.ConnectionString));
        return sources;
    }

    private static IHostedService Scheduler(ServiceProvider node) => node.GetServices<IHostedService>().OfType<JobScheduler>().Single();
}
