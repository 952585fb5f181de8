using System.Collections.Concurrent;
using System.Diagnostics;
using Tollgate.Host.Tests.Faults;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>Law 1 on the real program: every answer that a client got is in the request log exactly once, whatever was killed when. Streams included.</summary>
public sealed class KillTests
{
    [Fact(Timeout = 240_000)]
    public async Task ProgramKilledFiveTimesUnderLoad_EveryAnswerIsLoggedOnce()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var program = await RunningProgram.StartAsync();
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("minute", 10_000_000));
        var answered = new ConcurrentBag<string>();
        var random = new Random(4711);
        for (var round = 0; round < 5; round++)
        {
            using var stop = new CancellationTokenSource();
            var load = Load.RunAsync(program, market, answered.Add, stop.Token);
            await MoreAsync(answered, 100 + random.Next(200));
            await program.KillAsync();
            await stop.CancelAsync();
            await load;
            await program.StartAgainAsync();
        }
        await AssertEachLoggedOnceAsync(program, market, answered);
    }

    [Fact(Timeout = 240_000)]
    public async Task PostgresKilledFiveTimesUnderLoad_EveryAnswerIsLoggedOnce()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var program = await RunningProgram.StartAsync();
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("minute", 10_000_000));
        var answered = new ConcurrentBag<string>();
        using var stop = new CancellationTokenSource();
        var load = Load.RunAsync(program, market, answered.Add, stop.Token);
        for (var round = 0; round < 5; round++)
        {
            await MoreAsync(answered, 100);
            await KillPostgresAsync(program);
        }
        await MoreAsync(answered, 100);
        await stop.CancelAsync();
        await load;
        await AssertEachLoggedOnceAsync(program, market, answered);
    }

    private static async Task MoreAsync(ConcurrentBag<string> answered, int calls)
    {
        for (var enough = answered.Count + calls; answered.Count < enough;)
            await Task.Delay(5, TestContext.Current.CancellationToken);
    }

    private static async Task AssertEachLoggedOnceAsync(RunningProgram program, Market market, ConcurrentBag<string> answered)
    {
        answered.Count.ShouldBeGreaterThan(500);
        await DatabaseIsBackAsync(market);
        await Load.ReconciledAsync(program);
        await Load.AssertEachLoggedOnceAsync(market, answered);
    }

    // A server that was killed again and again is started after a growing pause of at most 5 s.
    private static async Task DatabaseIsBackAsync(Market market)
    {
        while (true)
        {
            using var response = await market.Consumer.GetAsync("/me", TestContext.Current.CancellationToken);
            if (response.IsSuccessStatusCode)
                return;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    // The program's own server is its only child. It may be on its way up again.
    private static async Task KillPostgresAsync(RunningProgram program)
    {
        while (true)
        {
            if (Processes.Children(program.ProcessId) is [var server])
            {
                using var postgres = Process.GetProcessById(server);
                postgres.Kill();
                await postgres.WaitForExitAsync(TestContext.Current.CancellationToken);
                return;
            }
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
