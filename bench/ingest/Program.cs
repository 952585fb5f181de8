using System.Globalization;
using Ingest;

// Reports usage to the real program over HTTP: one event a request and many, by one client and by several. CPU is that of the program and of its PostgreSQL, from /proc;
// this process is not in it. Fails when what was answered as accepted is not what the meters show.
// Usage: run [seconds for each figure]
var seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 10;
const double WarmUpSeconds = 4;

await using var lab = await Lab.StartAsync();
await lab.ReportAsync(clients: 4, batch: 1, WarmUpSeconds);
await lab.ReportAsync(clients: 4, batch: 100, WarmUpSeconds);
foreach (var batch in (int[])[1, 100, 1000])
    foreach (var clients in (int[])[1, 4])
    {
        var figures = await lab.ReportAsync(clients, batch, seconds);
        var each = 1e6 / figures.Events;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"batch={batch} clients={clients} events_per_second={figures.Events / figures.Seconds:N0} cpu_us_per_event program={figures.ProgramCpu * each:N0} postgres={figures.ServerCpu * each:N0} "
            + $"answer_ms p50={figures.At(0.5):N1} p99={figures.At(0.99):N1} load={File.ReadAllText("/proc/loadavg").Split(' ')[0]}"));
    }
await lab.CheckAsync();
Console.WriteLine($"accepted={lab.Accepted} shown by the meters={lab.Accepted}; {Environment.ProcessorCount} processors");
