using Tollgate.Host.Tests.Faults;

namespace Faults;

/// <summary>Which faults come in which round.</summary>
internal static class Plan
{
    private const int LongRun = 30;

    /// <param name="rounds">How many.</param>
    /// <param name="only">A part of the names of the faults; they come in turn then.</param>
    public static IEnumerable<(Setup Setup, IReadOnlyList<Fault> Faults)> Of(int rounds, string only)
    {
        List<Setup> setups = [new JournalDisk(), .. Clock.Find(), new Redis(), new Nodes(), .. DatabaseDisk.Find(), new OneProgram(rounds >= LongRun || only.Length > 0)];
        var chosen = setups.Select(setup => (Setup: setup, Faults: Matching(setup, only))).Where(one => one.Faults.Count > 0).ToList();
        var left = rounds;
        foreach (var (setup, faults) in chosen)
        {
            var share = only.Length > 0 ? chosen.Count : setup.Share;
            var count = share == 0 || setup == chosen[^1].Setup ? left : Math.Min(left, Math.Max(1, rounds / share));
            left -= count;
            if (count > 0)
                yield return (setup, [.. Enumerable.Range(0, count).Select(i => faults[i % faults.Count])]);
        }
    }

    private static List<Fault> Matching(Setup setup, string only) => [.. setup.Faults.Where(fault => fault.Name.Contains(only, StringComparison.OrdinalIgnoreCase))];
}
