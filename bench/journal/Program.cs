using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Metering;
using Tollgate.Metering.Journal;

// What an append costs: alone on warm pages, then with the default segments and fsync interval, where pages and the disk have their part. In a folder of /dev/shm the disk has none.
// Usage: [folder] [records] [burst|segments|single|read, several with commas; all of them without]
var folder = args.Length > 0 ? args[0] : Path.Combine(Path.GetTempPath(), "tollgate-bench-" + Path.GetRandomFileName());
var records = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 2_000_000;
var parts = args.Length > 2 ? args[2].Split(',') : ["burst", "segments", "single", "read"];
Console.WriteLine($"{Environment.ProcessorCount} processors, {folder}");
try
{
    if (parts.Contains("burst"))
    {
        Burst(folder + "-burst", 1, records);
        Burst(folder + "-burst", 1000, records);
    }
    using var journal = new UsageJournal(folder, new JournalOptions(), TimeProvider.System, NullLogger.Instance);
    Run(journal, "warm-up", 1, 200_000, paced: false);
    if (parts.Contains("segments"))
        Sustained(journal, records);
    if (parts.Contains("single"))
    {
        Run(journal, "1 thread, 50,000/s", 1, 200_000, paced: true);
        Run(journal, "1 thread, as fast as it goes", 1, records, paced: false);
        Run(journal, "4 threads, as fast as they go", 4, records, paced: false);
    }
    if (parts.Contains("read"))
        Read(journal);
}
finally
{
    Directory.Delete(folder, recursive: true);
}

static void Run(UsageJournal journal, string name, int threads, int records, bool paced)
{
    var each = records / threads;
    var times = new long[threads][];
    var refused = 0;
    var start = Stopwatch.GetTimestamp();
    var workers = Enumerable.Range(0, threads).Select(t => new Thread(() =>
    {
        var taken = new long[each];
        var usage = Event(t);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < each; i++)
        {
            // 20 µs apart: what a node at 50,000 calls a second does.
            while (paced && Stopwatch.GetElapsedTime(began).TotalMicroseconds < i * 20.0)
                Thread.SpinWait(10);
            var from = Stopwatch.GetTimestamp();
            try
            {
                journal.Append(usage);
            }
            catch (JournalFullException)
            {
                Interlocked.Increment(ref refused);
            }
            taken[i] = Stopwatch.GetTimestamp() - from;
        }
        times[t] = taken;
    })).ToList();
    workers.ForEach(w => w.Start());
    workers.ForEach(w => w.Join());
    var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
    var all = times.SelectMany(t => t).Order().ToArray();
    Console.WriteLine($"{name,-30} {records / seconds,12:N0} records/s   median {Nanoseconds(all, 0.5),6:N0} ns   p99 {Nanoseconds(all, 0.99),7:N0} ns   "
        + $"p99.9 {Nanoseconds(all, 0.999),8:N0} ns   max {Nanoseconds(all, 1) / 1e6:N1} ms   refused {refused}");
}

// Into one large segment that is there and warm, timed as a whole, without a look at the clock between them: what an append costs, and not what pages and the disk take.
// The CPU is that of the appending thread alone, so that other work on the machine is not in it.
static void Burst(string folder, int subscriptions, int records)
{
    const int SegmentBytes = 512 * 1024 * 1024;
    const int RecordBytes = 288;
    const int Rounds = 5;
    var count = Math.Min(records, SegmentBytes / RecordBytes / (Rounds + 1));
    try
    {
        using var journal = new UsageJournal(folder, new JournalOptions { SegmentBytes = SegmentBytes }, TimeProvider.System, NullLogger.Instance);
        var events = Enumerable.Range(0, subscriptions).Select(Event).ToArray();
        var cpu = new double[Rounds];
        var wall = new double[Rounds];
        for (var round = 0; round < Rounds; round++)
        {
            // Until what was written before is on disk.
            while (journal.FlushedTo < journal.Tail)
                Thread.Sleep(50);
            ((IJournalKept)journal).WarmAhead((long)count * RecordBytes + 1024 * 1024, writing: true);
            var (used, start) = (ThreadNanoseconds(), Stopwatch.GetTimestamp());
            for (int i = 0, next = 0; i < count; i++, next = next + 1 == events.Length ? 0 : next + 1)
                journal.Append(events[next]);
            (wall[round], cpu[round]) = (Stopwatch.GetElapsedTime(start).TotalNanoseconds / count, (ThreadNanoseconds() - used) / count);
        }
        Array.Sort(cpu);
        Array.Sort(wall);
        Console.WriteLine($"warm pages, {subscriptions,5:N0} subscriptions  {1e9 / cpu[Rounds / 2],12:N0} records/s of one core   an append: {cpu[Rounds / 2],4:N0} ns CPU (best of {Rounds} rounds {cpu[0]:N0}), {wall[Rounds / 2]:N0} ns on the clock (best {wall[0]:N0})");
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
}

// As fast as it goes over many segments, timed as a whole: the pages of new ones are cold, and their zeros and the records go to the disk.
static void Sustained(UsageJournal journal, int records)
{
    var events = Enumerable.Range(0, 1000).Select(Event).ToArray();
    using var process = Process.GetCurrentProcess();
    var (all, used, start) = (process.TotalProcessorTime, ThreadNanoseconds(), Stopwatch.GetTimestamp());
    for (int i = 0, next = 0; i < records; i++, next = next + 1 == events.Length ? 0 : next + 1)
        journal.Append(events[next]);
    var (seconds, cpu) = (Stopwatch.GetElapsedTime(start).TotalSeconds, (ThreadNanoseconds() - used) / records);
    process.Refresh();
    Console.WriteLine($"new segments, as fast as it goes   {records / seconds,12:N0} records/s   an append: {cpu:N0} ns CPU, {seconds * 1e9 / records:N0} ns on the clock; with making and flushing segments {(process.TotalProcessorTime - all).TotalNanoseconds / records:N0} ns CPU");
}

static double ThreadNanoseconds() => double.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);

static void Read(UsageJournal journal)
{
    long at = 0, count = 0;
    var start = Stopwatch.GetTimestamp();
    while (journal.Read(at, 10_000) is var batch && batch.NextOffset != at)
        (at, count) = (batch.NextOffset, count + batch.Records.Count);
    var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
    Console.WriteLine($"read back                      {count / seconds,12:N0} records/s   {count:N0} records, {at / (double)count:N0} bytes each, damaged {journal.Damaged}");
}

static double Nanoseconds(long[] sorted, double quantile) =>
    sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * quantile))] * 1e9 / Stopwatch.Frequency;

static UsageEvent Event(int thread)
{
    var usage = new UsageEvent
    {
        RequestId = new Guid(thread, 1, 2, new byte[8]),
        StartMicros = 1_800_000_000_000_000,
        DurationMicros = 1500,
        UpstreamMicros = 1200,
        // Of version 7, as ids are: the last half is random.
        SubscriptionId = Guid.CreateVersion7(),
        Method = "GET"u8.ToArray(),
        Path = "/v1/pets/123456/photos"u8.ToArray(),
        Status = 200,
        Outcome = UsageOutcome.Served,
        Billable = true,
        BytesOut = 512,
    };
    usage.Amounts[0] = new MeterAmount(1, 1);
    return usage;
}
