using System.Globalization;
using Tollgate.load;

// Calls at a fixed rate, whether or not earlier ones were answered. Usage: HOST PORT PATH KEYFILE RATE SECONDS WARMUP CONNECTIONS
// A call's time counts from the moment at which it was due, so that a stall is felt by every call that it delays (no coordinated omission).
int Number(int at) => int.Parse(args[at], CultureInfo.InvariantCulture);
var requests = File.ReadLines(args[3]).Select(key => Connection.Request(args[0], args[2], key)).ToArray();
using var load = new OpenLoop(args[0], Number(1), requests, connections: Number(7));
var times = load.Run(rate: Number(4), seconds: Number(5), warmup: Number(6));
Array.Sort(times);
string Micros(double quantile) => (times[(int)Math.Min(times.Length - 1, times.Length * quantile)] / 1000.0).ToString("F1", CultureInfo.InvariantCulture);
var late = times.Count(time => time > 5_000_000);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $$"""JSON {"requests":{{times.Length}},"seconds":{{Number(5)}},"p50":{{Micros(0.5)}},"p90":{{Micros(0.9)}},"p99":{{Micros(0.99)}},"p999":{{Micros(0.999)}},"max":{{Micros(1)}},"over5ms":{{late}},"gap":{{(load.LongestGap / 1000.0).ToString("F1", CultureInfo.InvariantCulture)}},"gaps":{{load.Gaps}},"failed":{{load.Failed}}}"""));
