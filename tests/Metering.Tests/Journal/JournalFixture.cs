using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Tests.Journal;

/// <summary>A journal in a folder of its own, gone afterwards.</summary>
internal sealed class JournalFixture : IDisposable
{
    public const int SmallSegment = 8 * 1024;

    public JournalFixture(string? folder = null)
    {
        Path = folder ?? System.IO.Path.Combine(System.IO.Path.GetTempPath(), "tollgate-journal-" + System.IO.Path.GetRandomFileName());
        Options = new JournalOptions { SegmentBytes = 64 * 1024, FsyncIntervalMilliseconds = 20 };
    }

    public string Path { get; }

    public JournalOptions Options { get; }

    public FixedClock Clock { get; } = new();

    public UsageJournal Open() => new(Path, Options, Clock, NullLogger.Instance);

    public string SegmentFile(int index) => System.IO.Path.Combine(Path, $"{index:D8}.seg");

    public int[] Segments() => [.. Directory.GetFiles(Path, "*.seg").Select(f => int.Parse(System.IO.Path.GetFileNameWithoutExtension(f))).Order()];

    /// <summary>The folder as a kill -9 now would leave it, opened as another journal's.</summary>
    public JournalFixture Killed()
    {
        var copy = new JournalFixture();
        copy.Options.SegmentBytes = Options.SegmentBytes;
        Directory.CreateDirectory(copy.Path);
        // The lock file last: it says whether the journal was closed in order.
        foreach (var file in Directory.GetFiles(Path))
            if (!file.EndsWith(".tmp", StringComparison.Ordinal))
                CopyShared(file, System.IO.Path.Combine(copy.Path, System.IO.Path.GetFileName(file)));
        return copy;
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    public static UsageEvent Event(int number, Guid? subscription = null, bool billable = true, long startSeconds = 1_800_000_000) => new()
    {
        RequestId = Number(number),
        StartMicros = startSeconds * 1_000_000,
        DurationMicros = 1200,
        UpstreamMicros = 900,
        SubscriptionId = subscription ?? Number(1_000_000),
        Method = "GET"u8.ToArray(),
        Path = Encoding.UTF8.GetBytes($"/things/{number}"),
        Status = 200,
        Outcome = UsageOutcome.Served,
        Billable = billable,
        BytesOut = number,
    };

    public static Guid Number(int number) => new(number, 0, 0, new byte[8]);

    public static int NumberOf(UsageEvent usage) => BitConverter.ToInt32(usage.RequestId.ToByteArray());

    public static List<JournalRecord> ReadAll(IJournalReader journal, long from = 0, int step = 100)
    {
        List<JournalRecord> all = [];
        for (var at = from; ;)
        {
            var batch = journal.Read(at, step);
            all.AddRange(batch.Records);
            if (batch.NextOffset == at)
                return all;
            at = batch.NextOffset;
        }
    }

    public static Dictionary<(Guid, long), long> SumOfTotals(IEnumerable<JournalRecord> records) =>
        records.SelectMany(r => r.Totals).GroupBy(t => (t.SubscriptionId, t.HourSeconds)).ToDictionary(g => g.Key, g => g.Sum(t => t.Billable));

    public static Dictionary<(Guid, long), long> Recount(IEnumerable<JournalRecord> records) =>
        records.Where(r => r.Kind is JournalRecordKind.Usage or JournalRecordKind.End && r.Usage.Billable)
            .GroupBy(r => (r.Usage.SubscriptionId, r.Usage.StartMicros / 1_000_000 / 3600 * 3600)).ToDictionary(g => g.Key, g => (long)g.Count());

    // The lock is advisory; File.Copy would ask for it.
    private static void CopyShared(string from, string to)
    {
        if (from.EndsWith("journal.lock", StringComparison.Ordinal))
        {
            File.WriteAllText(to, $"running {File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}");
            return;
        }
        using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var target = new FileStream(to, FileMode.Create, FileAccess.Write);
        source.CopyTo(target);
    }
}

internal sealed class FixedClock : TimeProvider
{
    private long _ticks = new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero).UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
