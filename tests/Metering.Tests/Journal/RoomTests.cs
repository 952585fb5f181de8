using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Metering.Journal;
using static Tollgate.Metering.Tests.Journal.JournalFixture;

namespace Tollgate.Metering.Tests.Journal;

public sealed class RoomTests
{
    [Fact]
    public void Append_NoRoom_WritesNothingButTheEndsOfOpenStreams()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        files.Options.MaximumBytes = 3 * SmallSegment;
        files.Options.RetentionHours = 0;
        using var journal = files.Open();
        // As large as ends get, each of another subscription.
        var open = Enumerable.Range(0, 6).Select(i => journal.Begin(Large(i))).ToList();
        FillUp(journal);

        journal.Writable.ShouldBeFalse();
        var tail = journal.Tail;
        Should.Throw<JournalFullException>(() => journal.Append(Event(1)));
        Should.Throw<JournalFullException>(() => journal.Begin(Event(1)));
        journal.Tail.ShouldBe(tail);

        foreach (var one in open)
            journal.End(one, Large(0));
        journal.SealTotals();
        var records = ReadAll(journal);
        records.Count(r => r.Kind == JournalRecordKind.End).ShouldBe(6);
        SumOfTotals(records).ShouldBe(Recount(records), ignoreOrder: true);

        ReleaseUntil(journal, () => journal.Writable);
        journal.Append(Event(7));
        NumberOf(ReadAll(journal, tail)[^1].Usage).ShouldBe(7);
    }

    [Fact]
    public async Task Release_NoRoomForTheNextSegment_GivesUpWhatIsShippedButNoMore()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        files.Options.MaximumBytes = 4 * SmallSegment;
        using var journal = files.Open();
        var health = new JournalHealth(journal, new ConfigurationBuilder().Build());
        FillUp(journal);
        (await health.CheckHealthAsync(new(), TestContext.Current.CancellationToken)).Status.ShouldBe(HealthStatus.Unhealthy);

        journal.Release(SmallSegment - 1);
        files.Segments()[0].ShouldBe(0);
        ReleaseUntil(journal, () => journal.Writable);

        journal.Append(Event(7));
        (await health.CheckHealthAsync(new(), TestContext.Current.CancellationToken)).Status.ShouldBe(HealthStatus.Healthy);
        files.Segments().Length.ShouldBeGreaterThan(2);
    }

    [Fact]
    public void Open_WhenFullWithOpenStreams_ClosesThem()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        files.Options.MaximumBytes = 3 * SmallSegment;
        using var journal = files.Open();
        for (var i = 0; i < 6; i++)
            journal.Begin(Large(i));
        FillUp(journal);
        using var killed = files.Killed();
        killed.Options.MaximumBytes = files.Options.MaximumBytes;

        using var recovered = killed.Open();

        var records = ReadAll(recovered);
        records.Count(r => r.Kind == JournalRecordKind.End).ShouldBe(6);
        SumOfTotals(records).ShouldBe(Recount(records), ignoreOrder: true);
        recovered.Damaged.ShouldBe(0);
    }

    [Fact]
    public void Begin_MoreStreamsThanTheReserveHolds_IsRefused()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        using var journal = files.Open();
        List<OpenUsage> open = [];

        Should.Throw<JournalFullException>(() =>
        {
            while (open.Count < 1000)
                open.Add(journal.Begin(Large(open.Count)));
        }).Message.ShouldContain("streams are open");

        open.Count.ShouldBeGreaterThan(5);
        foreach (var one in open)
            journal.End(one, Large(0));
        journal.Begin(Large(0));
    }

    /// <summary>
    /// A disk that is really full, where the user may mount one; elsewhere the limit of the options stands for it. The first two reserve a segment's room; ext2 cannot, and zeros are written.
    /// The segments are larger than what is touched ahead of the writer: a sparse one would end the process.
    /// </summary>
    [Theory]
    [InlineData("tmpfs")]
    [InlineData("ext4")]
    [InlineData("ext2")]
    public void Append_DiskFull_RefusesAndRecoversWhenSpaceReturns(string fileSystem)
    {
        using var files = new JournalFixture();
        Directory.CreateDirectory(files.Path);
        files.Options.SegmentBytes = 2 * JournalKeeper.WarmBytes;
        var image = files.Path + ".image";
        var mounted = Mount(fileSystem, image, files.Path);
        if (!mounted)
            files.Options.MaximumBytes = 2L * files.Options.SegmentBytes;
        files.Options.RetentionHours = 0;
        try
        {
            using var journal = files.Open();
            var filler = Path.Combine(files.Path, "filler");
            if (mounted)
                FillDisk(filler);
            FillUp(journal);
            journal.Writable.ShouldBeFalse();

            var tail = journal.Tail;
            File.Delete(filler);
            if (mounted)
                Eventually(() => journal.Writable);
            else
                ReleaseUntil(journal, () => journal.Writable);

            journal.Append(Event(5));
            NumberOf(ReadAll(journal, tail).Last(r => r.Kind == JournalRecordKind.Usage).Usage).ShouldBe(5);
        }
        finally
        {
            if (mounted)
                Run("umount", files.Path).ShouldBe(0);
            File.Delete(image);
        }
    }

    /// <summary>The disk takes no full segment: here, because the clock that is asked when one is closed stands still.</summary>
    [Fact]
    public void Append_FasterThanTheDisk_WaitsOnceThreeFullSegmentsDo()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        using var clock = new StandingClock();
        using var journal = new UsageJournal(files.Path, files.Options, clock, NullLogger.Instance);
        var taken = 0;
        try
        {
            Eventually(() =>
            {
                while (journal.TryAppend(Event(taken)))
                    taken++;
                return journal.Tail / SmallSegment >= JournalKeeper.MaximumUnsealed;
            });
            while (journal.TryAppend(Event(taken)))
                taken++;

            (journal.Tail / SmallSegment).ShouldBe(JournalKeeper.MaximumUnsealed);
            ((IJournalKept)journal).NeedsSegment.ShouldBeFalse();
            files.Segments().Length.ShouldBe(JournalKeeper.MaximumUnsealed + 1);
        }
        finally
        {
            clock.Go();
        }
        Eventually(() => journal.TryAppend(Event(taken)));
        ReadAll(journal).Where(r => r.Kind == JournalRecordKind.Usage).Select(r => NumberOf(r.Usage)).ShouldBe(Enumerable.Range(0, taken + 1));
    }

    [Fact]
    public void Release_KeepsWhatIsUnshippedYoungOrHoldsAnOpenBegin()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        using var journal = files.Open();
        Fill(journal, 5);
        var open = journal.Begin(Event(0));
        Fill(journal, 10);
        var oldest = (int)(open.Offset / SmallSegment);

        journal.Release(journal.Tail);
        files.Segments()[0].ShouldBe(0);

        files.Clock.Advance(TimeSpan.FromHours(71));
        journal.Release(journal.Tail);
        files.Segments()[0].ShouldBe(0);

        files.Clock.Advance(TimeSpan.FromHours(2));
        journal.Release(3 * SmallSegment);
        files.Segments()[0].ShouldBe(3);
        journal.Head.ShouldBe(3 * SmallSegment);

        journal.Release(journal.Tail);
        files.Segments()[0].ShouldBe(oldest);
        journal.End(open, Event(0));
        journal.Release(journal.Tail);
        files.Segments()[0].ShouldBe((int)(journal.Tail / SmallSegment));
        journal.Read(0, 10).Records.ShouldNotBeEmpty();
    }

    [Fact]
    public void Release_MoreShippedThanTheLimit_FreesTheOldestFirst()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        files.Options.RetentionBytes = 4 * SmallSegment;
        using var journal = files.Open();
        Fill(journal, 10);

        journal.Release(8 * SmallSegment);

        files.Segments()[0].ShouldBe(4);
    }

    private static UsageEvent Large(int i) => Event(i, Number(i)) with { Method = new byte[16], Path = new byte[256] };

    // Closing runs on a thread of its own: it is waited for.
    private static void Fill(UsageJournal journal, int segments)
    {
        var until = journal.Tail / SmallSegment + segments;
        for (var i = 0; journal.Tail / SmallSegment < until; i++)
            journal.Append(Event(i, billable: false));
        Eventually(() => journal.FlushedTo == journal.Tail);
    }

    private static void FillUp(UsageJournal journal) => Should.Throw<JournalFullException>(() =>
    {
        for (var i = 0; i < 100_000; i++)
            journal.Append(Event(i, Number(i % 50)));
    });

    private static void FillDisk(string filler)
    {
        // The next segment is there by now; nothing is left for the one after it.
        Eventually(() => Directory.GetFiles(Path.GetDirectoryName(filler)!, "*.seg").Length == 2);
        using var stream = File.Create(filler);
        Should.Throw<IOException>(() =>
        {
            while (true)
            {
                stream.Write(new byte[4096]);
                stream.Flush();
            }
        });
    }

    private static void ReleaseUntil(UsageJournal journal, Func<bool> done) => Eventually(() =>
    {
        journal.Release(journal.Tail);
        return done();
    });

    private static void Eventually(Func<bool> condition) => SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(60)).ShouldBeTrue();

    // Room for three segments of 8 MB, on a device of its own where the kind needs one.
    private static bool Mount(string fileSystem, string image, string folder)
    {
        if (fileSystem == "tmpfs")
            return Run("mount", "-t", "tmpfs", "-o", "size=28m", "tmpfs", folder) == 0;
        using (var disk = File.Create(image))
            disk.SetLength(36 * 1024 * 1024);
        return Run("mkfs." + fileSystem, "-q", "-F", "-m", "0", "-b", "4096", image) == 0 && Run("mount", "-o", "loop", image, folder) == 0;
    }

    private static int Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }

    private sealed class StandingClock : TimeProvider, IDisposable
    {
        private readonly ManualResetEventSlim _going = new();

        public void Go() => _going.Set();

        public override DateTimeOffset GetUtcNow()
        {
            _going.Wait();
            return base.GetUtcNow();
        }

        public void Dispose() => _going.Dispose();
    }
}
