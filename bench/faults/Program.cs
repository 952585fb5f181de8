using System.Globalization;
using Faults;
using Tollgate.Host.Tests.Faults;

// Faults on real processes, round after round: each compares the answers that clients got with the request log and the rollups.
// Usage: run [--rounds N] [--seed N] [--only part of a fault's name]
string Option(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : fallback;
var rounds = int.Parse(Option("--rounds", "10"), CultureInfo.InvariantCulture);
var seed = int.Parse(Option("--seed", "1"), CultureInfo.InvariantCulture);
var only = Option("--only", "");

List<RoundResult> results = [];
foreach (var (setup, faults) in Plan.Of(rounds, only))
    await foreach (var result in setup.RunAsync(seed++, faults))
    {
        results.Add(result);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{results.Count,3} {result.Fault,-40} answered={result.Answered} refused={result.Refused} logged={result.Logged} lost={result.Lost} doubled={result.Doubled} "
            + $"reconciled={(result.Reconciled ? "yes" : "NO")} settled={result.RecoverySeconds:N1}s"));
    }
var (lost, doubled) = (results.Sum(r => r.Lost), results.Sum(r => r.Doubled));
Console.WriteLine($"rounds={results.Count} answered={results.Sum(r => r.Answered)} logged={results.Sum(r => r.Logged)} lost={lost} doubled={doubled}");
return lost == 0 && doubled == 0 && results.Count == rounds && results.TrueForAll(r => r.Reconciled) ? 0 : 1;
