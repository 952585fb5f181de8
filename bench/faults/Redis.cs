using System.Diagnostics;
using Tollgate.Host.Tests.Faults;
using Tollgate.TestKit;

namespace Faults;

/// <summary>A Redis that goes away while nodes share their limits through it: they spend what they hold, then refuse, and go on when it is back.</summary>
internal static class Redis
{
    public static Course Course(int seed, int rounds)
    {
        TestRedis? redis = null;
        var killed = new Fault("Redis killed, back without its memory", async (lab, load) =>
        {
            await redis!.KillAsync();
            await lab.PauseAsync(300, 1500);
            await redis.StartAgainAsync();
            await AnswersAgainAsync(load);
        });
        var frozen = new Fault("Redis hangs", async (lab, load) =>
        {
            await redis!.FreezeAsync();
            await lab.PauseAsync(300, 1500);
            await redis.ThawAsync();
            await AnswersAgainAsync(load);
        });
        var both = new Fault("Redis and program killed", async (lab, load) =>
        {
            await redis!.KillAsync();
            await lab.Program.KillAsync();
            await redis.StartAgainAsync();
            await lab.Program.StartAgainAsync();
            await AnswersAgainAsync(load);
        });
        return new Course(
            async () =>
            {
                redis = await TestRedis.StartAsync();
                return await Lab.StartAsync(seed, new Dictionary<string, string?>(StringComparer.Ordinal) { ["Redis__Url"] = redis.Url });
            },
            [.. Enumerable.Range(0, rounds).Select(i => new[] { killed, frozen, both }[i % 3])],
            () => redis!.DisposeAsync());
    }

    private static async Task AnswersAgainAsync(Load load)
    {
        for (var (watch, answered) = (Stopwatch.StartNew(), load.Answered.Count); load.Answered.Count < answered + 50 && watch.Elapsed < TimeSpan.FromSeconds(60);)
            await Task.Delay(50);
    }
}
