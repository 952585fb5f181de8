using System.Globalization;
using Tollgate.Host.Startup;

namespace Tollgate.Host.Tests;

public sealed class MappedAssembliesTests
{
    [Theory]
    [InlineData("7f2a60000000-7f2a60200000 r--s 00000000 fe:01 123                        /opt/toll gate/Npgsql.dll", true)]
    [InlineData("7f2a60000000-7f2a60200000 r--p 00000000 fe:01 123                        /opt/tollgate/Npgsql.dll", false)]
    [InlineData("7f2a60000000-7f2a60200000 r-xp 00000000 fe:01 123                        /opt/tollgate/Npgsql.dll", false)]
    [InlineData("7f2a60000000-7f2a60200000 rw-s 00000000 fe:01 123                        /data/journal/00000001.seg", false)]
    [InlineData("7f2a60000000-7f2a60200000 rw-p 00000000 00:00 0 ", false)]
    [InlineData("7ffd1c000000-7ffd1c200000 r-xp 00000000 00:00 0                          [vdso]", false)]
    [InlineData("", false)]
    [InlineData("r--s /no-range", false)]
    public void TryParse_OnlySharedReadOnlyFiles(string line, bool expected)
    {
        MappedAssemblies.TryParse(line, out var start, out var end, out var path).ShouldBe(expected);
        if (expected)
            (start, end, path).ShouldBe((0x7f2a60000000UL, 0x7f2a60200000UL, "/opt/toll gate/Npgsql.dll"));
    }

    [Fact]
    public void Release_NothingToReadTheRangesFrom_ChangesNothing() => Should.NotThrow(() => MappedAssemblies.Release("/nowhere/maps"));

    [Fact]
    public void Release_AssembliesThatWereRead_AreNoMemoryOfTheProcess()
    {
        var before = ResidentKilobytes();
        var after = before;
        // What other tests look at meanwhile is there again; by itself nothing ever goes.
        for (var i = 0; i < 50 && after >= before / 2; i++)
        {
            MappedAssemblies.Release();
            after = ResidentKilobytes();
        }
        after.ShouldBeLessThan(before);
    }

    // Of the mappings that may be let go of, by smaps (proc(5)).
    private static long ResidentKilobytes()
    {
        var (sum, counts) = (0L, false);
        foreach (var line in File.ReadLines("/proc/self/smaps"))
            if (line.StartsWith("Rss:", StringComparison.Ordinal))
                sum += counts ? long.Parse(line.AsSpan(4).Trim().TrimEnd(" kB"), CultureInfo.InvariantCulture) : 0;
            else if (line.Contains(' ', StringComparison.Ordinal) && !line.Split(' ')[0].EndsWith(':'))
                counts = MappedAssemblies.TryParse(line, out _, out _, out var path) && path.EndsWith(".dll", StringComparison.Ordinal);
        return sum;
    }
}
