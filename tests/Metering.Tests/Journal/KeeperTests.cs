using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using Tollgate.Metering.Journal;
using static Tollgate.Metering.Tests.Journal.JournalFixture;

namespace Tollgate.Metering.Tests.Journal;

/// <summary>The next segment is late, or never comes.</summary>
public sealed class KeeperTests
{
    private static readonly TimeSpan Ample = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Wait_EndsWhenTheSegmentIsThere()
    {
        using var disk = new SlowDisk();
        var waiting = Enumerable.Range(0, 50).Select(_ => disk.Keeper.WaitForSegmentAsync(Ample)).ToList();
        waiting.ShouldAllBe(wait => !wait.IsCompleted);

        disk.Finish();

        await Task.WhenAll(waiting);
    }

    [Fact]
    public async Task Wait_TooLong_IsRefused_AndWhoComesAfterDoesNotWait_UntilItIsThere()
    {
        using var disk = new SlowDisk();
        await Should.ThrowAsync<JournalFullException>(() => disk.Keeper.WaitForSegmentAsync(TimeSpan.FromMilliseconds(1)));
        disk.Keeper.IsLate.ShouldBeTrue();
        disk.Keeper.WaitForSegmentAsync(Ample).IsFaulted.ShouldBeTrue();

        disk.Finish();
        SpinWait.SpinUntil(() => !disk.Keeper.IsLate, Ample).ShouldBeTrue();

        // The next one is waited for again.
        disk.Begin();
        var waiting = disk.Keeper.WaitForSegmentAsync(Ample);
        waiting.IsCompleted.ShouldBeFalse();
        disk.Finish();
        await waiting;
    }

    [Fact]
    public async Task Wait_ForASegmentThatCannotBeMade_EndsAtOnce()
    {
        using var disk = new SlowDisk();
        var waiting = disk.Keeper.WaitForSegmentAsync(Ample);

        disk.Fail();

        await Should.ThrowAsync<JournalFullException>(() => waiting);
    }

    /// <summary>A disk that hangs: the draft of the next segment is a pipe that nobody reads, and to open it for writing waits for ever.</summary>
    [Fact]
    public async Task TryAppend_DiskHangs_IsFalseAtOnce_AndNothingIsWritten()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        using var journal = files.Open();
        SpinWait.SpinUntil(() => files.Segments().Length == 2, Ample).ShouldBeTrue();
        var draft = Path.Combine(files.Path, "00000002.tmp");
        using (var made = Process.Start("mkfifo", [draft]))
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        SafeFileHandle? reader = null;
        try
        {
            var taken = 0;
            while (journal.TryAppend(Event(taken)))
                taken++;
            (journal.Tail / SmallSegment).ShouldBe(1);
            var tail = journal.Tail;
            journal.TryBegin(Event(taken), out _).ShouldBeFalse();
            journal.Tail.ShouldBe(tail);
            journal.OpenStreamCount.ShouldBe(0);
            journal.Writable.ShouldBeTrue();
            journal.WaitForSegmentAsync().IsCompleted.ShouldBeFalse();
            ReadAll(journal).Count(record => record.Kind == JournalRecordKind.Usage).ShouldBe(taken);
        }
        finally
        {
            // What opened it, or will, goes on, finds no file that can be written, and makes one. To open both ends waits for nobody.
            try
            {
                reader = File.OpenHandle(draft, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            }
            catch (IOException)
            {
                // Awake by this, it has locked or removed the draft before it could be locked here.
            }
        }
        SpinWait.SpinUntil(() => journal.TryAppend(Event(7)), Ample).ShouldBeTrue();
        reader?.Dispose();
    }

    /// <summary>Makes segments when it is told to.</summary>
    private sealed class SlowDisk : IJournalKept, IDisposable
    {
        private readonly SemaphoreSlim _finished = new(0);
        private volatile bool _needed = true;
        private volatile bool _fails;

        public SlowDisk()
        {
            Keeper = new JournalKeeper(this, 1000, NullLogger.Instance);
            Keeper.Start();
        }

        public JournalKeeper Keeper { get; }

        public long Tail => 0;

        public bool NeedsSegment => _needed;

        public void Begin()
        {
            _needed = true;
            Keeper.Rotated();
        }

        public void Finish() => _finished.Release();

        public void Fail()
        {
            _fails = true;
            _finished.Release();
        }

        public void PrepareSegment()
        {
            _finished.Wait();
            if (_fails)
                throw new IOException("No room.");
            _needed = false;
            Keeper.Prepared();
        }

        public void Flush()
        {
        }

        public void WarmAhead(long bytes, bool writing)
        {
        }

        public void Dispose()
        {
            _finished.Release(1000);
            Keeper.Dispose();
            _finished.Dispose();
        }
    }
}
