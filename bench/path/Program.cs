using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Tollgate.path;

// What the gateway's own parts of a call cost, and that they allocate nothing. No socket, no server. Usage: [--filter PATTERN]
// In this process, because the parts are internal; so many calls that the journal's segment outlasts them.
var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithInvocationCount(16 * 1024).WithUnrollFactor(16).WithWarmupCount(10).WithIterationCount(30);
var config = ManualConfig.CreateMinimumViable().AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).AddColumn(StatisticColumn.Min, StatisticColumn.Median)
    .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "tollgate-bench-path"));
BenchmarkSwitcher.FromTypes([typeof(CallBenchmarks)]).Run(args.Length > 0 ? args : ["--filter", "*"], config);
