using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Tollgate.Gateway.Metrics;

// What it costs to record one call: in the arrays that the gateway uses, and through System.Diagnostics.Metrics with a listener that does as little as one can. Usage: [calls]
var calls = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5_000_000;
var figures = Enumerable.Range(0, 16).Select(i => new ApiFigures($"acme/api{i}")).ToArray();
using var meter = new Meter("bench");
var requests = meter.CreateCounter<long>("requests");
var duration = meter.CreateHistogram<double>("duration");
var received = meter.CreateCounter<long>("received");
var sent = meter.CreateCounter<long>("sent");

Measure("own arrays", Own);
Measure("instruments that nobody listens to", Instruments);
using var listener = new MeterListener();
long seen = 0;
listener.InstrumentPublished = (instrument, self) => self.EnableMeasurementEvents(instrument);
listener.SetMeasurementEventCallback<long>((_, value, tags, _) => seen += value + tags.Length);
listener.SetMeasurementEventCallback<double>((_, _, tags, _) => seen += tags.Length);
listener.Start();
Measure("instruments, a listener that keeps nothing", Instruments);
Console.WriteLine(seen > 0 ? "" : "nothing was heard");

void Own(int call)
{
    var of = figures[call & 15];
    of.Ended(200, 180 + (call & 1023));
    of.Moved(0, 200);
}

void Instruments(int call)
{
    var tags = new TagList { { "api", figures[call & 15].Name }, { "status", "2xx" } };
    requests.Add(1, tags);
    duration.Record(180e-6, tags);
    received.Add(0, tags);
    sent.Add(200, tags);
}

void Measure(string name, Action<int> record)
{
    foreach (var threads in new[] { 1, 2 })
    {
        Run(threads, calls / 10, record);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var nanoseconds = Run(threads, calls, record);
        var bytes = (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / calls;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}, {threads} thread(s): {nanoseconds:0.0} ns of processor a call, {bytes:0.00} bytes"));
    }
}

// Of the process's processor time, so that waiting for a processor does not count.
static double Run(int threads, int calls, Action<int> record)
{
    using var process = Process.GetCurrentProcess();
    var before = process.TotalProcessorTime;
    var workers = Enumerable.Range(0, threads).Select(thread => new Thread(() =>
    {
        for (var i = 0; i < calls / threads; i++)
            record(i + thread);
    })).ToArray();
    foreach (var worker in workers)
        worker.Start();
    foreach (var worker in workers)
        worker.Join();
    process.Refresh();
    return (process.TotalProcessorTime - before).TotalNanoseconds / calls;
}
