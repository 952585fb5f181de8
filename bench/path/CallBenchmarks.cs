using BenchmarkDotNet.Attributes;

namespace Tollgate.path;

/// <summary>The parts of one call, in their order, then those that a forwarder without policy would not have, together.</summary>
public class CallBenchmarks : IDisposable
{
    private Bed _bed = null!;

    [GlobalSetup]
    public void SetUp() => _bed = new Bed();

    [GlobalCleanup]
    public void Dispose()
    {
        _bed.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Description = "begin: id and times of the call")]
    public int Begin() => _bed.Begin();

    [Benchmark(Description = "target, API among 1,000, operation")]
    public int Find() => _bed.Find();

    [Benchmark(Description = "key and two windows")]
    public int Decide() => _bed.Decide();

    [Benchmark(Description = "head for the upstream, signed")]
    public int WriteHead() => _bed.WriteHead();

    [Benchmark(Description = "head of the answer")]
    public int ReadHead() => _bed.ReadHead();

    [Benchmark(Description = "usage event into the journal")]
    public int Journal() => _bed.Append();

    [Benchmark(Description = "rate limit fields")]
    public int Limits() => _bed.WriteLimits();

    [Benchmark(Description = "metrics")]
    public int Count() => _bed.Count();

    [Benchmark(Description = "policy and journal: key, windows, event, fields")]
    public int PolicyAndJournal() => _bed.Decide() + _bed.Append() + _bed.WriteLimits();

    [Benchmark(Description = "all of these")]
    public int All() => _bed.Begin() + _bed.Find() + _bed.Decide() + _bed.WriteHead() + _bed.ReadHead() + _bed.Append() + _bed.WriteLimits() + _bed.Count();
}
