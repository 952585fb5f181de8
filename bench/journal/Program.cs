using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Metering;
using Tollgate.Metering.Journal;

// What an append costs: one thread and four, with the default segments and fsync interval. Usage: [folder] [records]
var folder = args.Length > 0 ? args[0] : Path.Combine(Path.GetTempPath(), "tollgate-bench-" + Path.GetRandomFileName());
var records = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 2_000_000;
try
{
    using var journal = new UsageJournal(folder, new JournalOptions(), TimeProvider.System, NullLogger.Instance);
    Console.WriteLine($"{Environment.ProcessorCount} processors, {folder}");
    Run(journal, "warm-up", 1, 200_000, paced: false);
    Run(journal, "1 thread, 50,000/s", 1, 200_000, paced: true);
    Run(journal, "1 thread, as fast as it goes", 1, records, paced: false);
    Run(journal, "4 threads, as fast as they go", 4, records, paced: false);
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
        SubscriptionId = new Guid(thread, 3, 4, new byte[8]),
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
