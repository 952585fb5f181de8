using System.Diagnostics;
using System.Globalization;
using Shipping;

// What shipping costs: CPU of this process, which does nothing else, and of PostgreSQL's processes, for usage events that wait in the journal.
// Usage: run [events] [rate]. With a rate (events a second), they arrive while they are shipped, and the time until they are visible is shown.
var events = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 300_000;
var rate = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 0;
// A server that has run for a while: its memory is touched, its WAL files are there to be used again.
const int WarmUp = 150_000;

var lab = await Lab.StartAsync();
await using (lab)
{
    lab.Append(WarmUp, rate: 0);
    await lab.ShipAsync();
    await lab.CheckpointAsync();
    // Before the measurement: the events are a backlog, as after an outage of the database.
    if (rate == 0)
        lab.Append(events, rate);
    var before = Cpu.Take(lab.ServerProcessId);
    var watch = Stopwatch.StartNew();
    if (rate == 0)
        await lab.ShipAsync();
    else
        await lab.ShipWhileAppendingAsync(events, rate);
    var seconds = watch.Elapsed.TotalSeconds;
    var used = Cpu.Take(lab.ServerProcessId) - before;
    await lab.CheckAsync(WarmUp + events);

    var each = 60_000.0 / events;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{events:N0} events{(rate == 0 ? "" : $" at {rate:N0}/s")} in {seconds:N1} s, {events / seconds:N0}/s; resident at most {Cpu.Megabytes("VmHWM")} MB, of it {Cpu.Megabytes("RssAnon")} MB now without the mapped journal; {Environment.ProcessorCount} processors"));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"core_seconds_per_60000 shipper={used.Self * each:N3} postgres={used.Server * each:N3} total={(used.Self + used.Server) * each:N3}"));
}
