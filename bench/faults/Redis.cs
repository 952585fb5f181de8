using Tollgate.Host.Tests.Faults;
using Tollgate.TestKit;

namespace Faults;

/// <summary>A Redis that goes away while nodes share their limits through it: they spend what they hold, then refuse, and go on when it is back.</summary>
internal sealed class Redis : Setup
{
    private TestRedis? _redis;

    public Redis() => Faults =
    [
        new("Redis killed, back without its memory", async (lab, load) =>
        {
            await _redis!.KillAsync();
            await lab.PauseAsync(300, 1500);
            await _redis.StartAgainAsync();
            await load.AnswersAgainAsync();
        }),
        new("Redis hangs", async (lab, load) =>
        {
            await _redis!.FreezeAsync();
            await lab.PauseAsync(300, 1500);
            await _redis.ThawAsync();
            await load.AnswersAgainAsync();
        }),
        new("Redis and program killed", async (lab, load) =>
        {
            await _redis!.KillAsync();
            await lab.Program.KillAsync();
            await _redis.StartAgainAsync();
            await lab.Program.StartAgainAsync();
            await load.AnswersAgainAsync();
        }),
        new("Redis flushed", async (lab, load) =>
        {
            await _redis!.FlushAsync();
            await lab.PauseAsync(300, 1500);
            await load.AnswersAgainAsync();
        }),
    ];

    public override IReadOnlyList<Fault> Faults { get; }

    public override async Task<Lab> StartAsync(int seed)
    {
        _redis = await TestRedis.StartAsync();
        return await Lab.StartAsync(seed, new Dictionary<string, string?>(StringComparer.Ordinal) { ["Redis__Url"] = _redis.Url });
    }

    public override ValueTask EndAsync() => _redis!.DisposeAsync();
}
