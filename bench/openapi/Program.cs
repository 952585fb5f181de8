using System.Diagnostics;
using System.Globalization;
using Tollgate.Gateway.OpenApi;

// Imports every document of a folder (or the files named) and prints for each, tab-separated: name, operations (or the refusal's code), errors,
// other findings, milliseconds, and the highest resident set of this process up to then.
if (args.Length == 0)
{
    Console.Error.WriteLine("usage: openapi-bench FOLDER|FILE…");
    return 2;
}

var files = args.SelectMany<string, string>(arg => Directory.Exists(arg) ? [.. Directory.EnumerateFiles(arg).Order(StringComparer.Ordinal)] : [arg])
    .Where(file => Path.GetExtension(file) is ".json" or ".yaml" or ".yml").ToList();
Console.WriteLine("document\toperations\terrors\tothers\tms\tpeak_rss_mb");
foreach (var file in files)
{
    var bytes = await File.ReadAllBytesAsync(file).ConfigureAwait(false);
    var started = Stopwatch.GetTimestamp();
    var outcome = OpenApiImport.Read(bytes);
    var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    using var process = Process.GetCurrentProcess();
    var (operations, errors, others) = outcome.Failure is { } failure
        ? (failure.Code, 0, 0)
        : (outcome.Value.Operations.Count.ToString(CultureInfo.InvariantCulture),
            outcome.Value.Findings.Count(finding => finding.Severity == FindingSeverity.Error), outcome.Value.Findings.Count(finding => finding.Severity != FindingSeverity.Error));
    Console.WriteLine($"{Path.GetFileName(file)}\t{operations}\t{errors}\t{others}\t{elapsed:0.0}\t{process.PeakWorkingSet64 / 1048576}");
}
return 0;
