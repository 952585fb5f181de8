using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tollgate.Host.Startup;

namespace Tollgate.Host.Tests;

public sealed class LoadedCodeTests
{
    // More than are looked at in one go.
    private const int Pages = 1200;

    [Fact]
    public void Release_NothingToReadTheRangesFrom_ChangesNothing() => Should.NotThrow(() => LoadedCode.Release("/nowhere/maps"));

    [Theory]
    [InlineData("r--s", ".dll")]
    [InlineData("r-xp", "/libclrjit.so")]
    public void Release_CodeThatWasRead_IsNoMemoryOfTheProcess(string rights, string path)
    {
        var before = ResidentKilobytes(rights, path);
        var after = before;
        // What other tests look at meanwhile is there again; by itself nothing ever goes.
        for (var i = 0; i < 50 && after >= before / 2; i++)
        {
            LoadedCode.Release();
            after = ResidentKilobytes(rights, path);
        }
        after.ShouldBeLessThan(before);
    }

    [Fact]
    public void ReleaseUnwritten_PagesThatWereWrittenTo_Stay()
    {
        var page = Environment.SystemPageSize;
        var file = Path.GetTempFileName();
        File.WriteAllBytes(file, [.. Enumerable.Repeat((byte)'f', Pages * page)]);
        using var mapped = MemoryMappedFile.CreateFromFile(file, FileMode.Open, null, 0, MemoryMappedFileAccess.CopyOnWrite);
        using var view = mapped.CreateViewAccessor(0, 0, MemoryMappedFileAccess.CopyOnWrite);
        using var pageMap = File.OpenHandle("/proc/self/pagemap");
        var start = (ulong)view.SafeMemoryMappedViewHandle.DangerousGetHandle();
        int[] written = [0, 511, 512, 700, Pages - 1];
        foreach (var at in written)
            view.Write(at * page, (byte)'w');
        foreach (var at in Enumerable.Range(0, Pages))
            view.ReadByte(at * page).ShouldBe(written.Contains(at) ? (byte)'w' : (byte)'f');
        Present(pageMap, start).Length.ShouldBe(Pages);
        File.Delete(file);

        LoadedCode.ReleaseUnwritten(start, start + (ulong)(Pages * page), pageMap);

        Present(pageMap, start).ShouldBe(written);
        foreach (var at in Enumerable.Range(0, Pages))
            view.ReadByte(at * page).ShouldBe(written.Contains(at) ? (byte)'w' : (byte)'f');
    }

    // Which of the pages are in memory as this process's, by the page map of Linux.
    private static int[] Present(SafeFileHandle pageMap, ulong start)
    {
        var words = new ulong[Pages];
        RandomAccess.Read(pageMap, MemoryMarshal.AsBytes(words.AsSpan()), (long)(start / (ulong)Environment.SystemPageSize * sizeof(ulong))).ShouldBe(Pages * sizeof(ulong));
        return [.. Enumerable.Range(0, Pages).Where(at => (words[at] & 1UL << 63) != 0)];
    }

    // Of the mappings with these rights, by smaps (proc(5)).
    private static long ResidentKilobytes(string rights, string path)
    {
        var (sum, counts) = (0L, false);
        foreach (var line in File.ReadLines("/proc/self/smaps"))
            if (line.StartsWith("Rss:", StringComparison.Ordinal))
                sum += counts ? long.Parse(line.AsSpan(4).Trim().TrimEnd(" kB"), CultureInfo.InvariantCulture) : 0;
            else if (line.Contains(' ', StringComparison.Ordinal) && !line.Split(' ')[0].EndsWith(':'))
                counts = line.Contains($" {rights} ", StringComparison.Ordinal) && line.EndsWith(path, StringComparison.Ordinal);
        return sum;
    }
}
