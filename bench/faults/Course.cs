using Tollgate.Host.Tests.Faults;

namespace Faults;

/// <summary>Rounds on one running program: its settings, and the faults that come in turn.</summary>
internal sealed record Course(Func<Task<Lab>> Start, IReadOnlyList<Fault> Faults, Func<ValueTask>? End = null)
{
    private static readonly Fault[] Usual =
    [
        Fault.KillProgram, Fault.KillPostgres, Fault.KillBoth, Fault.KillProgramWhilePostgresHangs, Fault.PostgresHangs(3), Fault.PostgresGone(5), Fault.StopProgram,
    ];

    /// <summary>Of each seven rounds one is a full disk and one a clock that jumps, where the machine has what they need, and of each ten one is of Redis. One outage takes minutes.</summary>
    public static IEnumerable<Course> Plan(int rounds, int seed, string only)
    {
        var clock = Clock.Find();
        var special = Math.Max(rounds >= 3 ? 1 : 0, rounds / 7);
        List<Fault> usual = [.. Usual.Where(f => Matches(f, only))];
        var left = rounds;
        if (Matches(Fault.JournalFull, only))
        {
            var disk = SmallDisk.Mount();
            var count = usual.Count == 0 && clock is null ? rounds : special;
            left -= count;
            yield return new Course(() => Lab.StartAsync(seed + 1, FaultSettings.SmallJournal(disk?.Folder)), [.. Enumerable.Repeat(Fault.JournalFull, count)], () => Drop(disk));
        }
        if (clock is not null && clock.Faults.Any(f => Matches(f, only)))
        {
            var count = usual.Count == 0 ? left : special;
            left -= count;
            yield return new Course(() => Lab.StartAsync(seed + 2, clock.Settings), [.. Turn([.. clock.Faults.Where(f => Matches(f, only))], count)], () => Drop(clock));
        }
        if (only.Contains("redis", StringComparison.OrdinalIgnoreCase) || (only.Length == 0 && rounds >= 10))
        {
            var count = usual.Count == 0 ? left : Math.Max(1, rounds / 10);
            left -= count;
            yield return Redis.Course(seed + 4, count);
        }
        if (usual.Count > 0)
            yield return new Course(() => Lab.StartAsync(seed + 3), [.. Turn(usual, left).Select((f, i) => i == 10 && rounds >= 30 ? Fault.PostgresGone(120) : f)]);
    }

    public async IAsyncEnumerable<RoundResult> RunAsync()
    {
        await using (var lab = await Start())
            foreach (var fault in Faults)
                yield return await lab.RoundAsync(fault);
        if (End is not null)
            await End();
    }

    private static ValueTask Drop(IDisposable? used)
    {
        used?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static IEnumerable<Fault> Turn(IReadOnlyList<Fault> faults, int count) => Enumerable.Range(0, count).Select(i => faults[i % faults.Count]);

    private static bool Matches(Fault fault, string only) => fault.Name.Contains(only, StringComparison.OrdinalIgnoreCase);
}
