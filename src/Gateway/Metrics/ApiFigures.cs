using System.Collections.Concurrent;
using Tollgate.Gateway.Answers;

namespace Tollgate.Gateway.Metrics;

/// <summary>
/// What is counted of one API: for each status class the durations in fixed buckets and their sum, and the bytes of bodies. A call adds to four places of an array
/// that processors seldom share, and allocates nothing; whoever looks adds the arrays up (docs/decisions/0015).
/// </summary>
internal sealed class ApiFigures(string name)
{
    public const int Classes = 5;
    private const int SumAt = 16;
    private const int PerClass = SumAt + 1;
    private const int BytesInAt = Classes * PerClass;
    private const int BytesOutAt = BytesInAt + 1;
    private const int Length = BytesOutAt + 1;

    /// <summary>Upper bounds of the buckets but the last, in seconds.</summary>
    public static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private static readonly long[] BoundMicros = [.. Bounds.Select(seconds => (long)(seconds * 1_000_000))];
    private static readonly int StripeMask = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(16, Environment.ProcessorCount)) - 1;

    private readonly long[][] _stripes = [.. Enumerable.Range(0, StripeMask + 1).Select(_ => new long[Length])];
    private readonly ConcurrentDictionary<(string Code, string Reason), Count> _refusals = new();

    public string Name { get; } = name;

    /// <summary>Since when the API is not served any more, by the clock's ticks; null while it is. For the one who looks.</summary>
    public long? GoneAt { get; set; }

    /// <summary>By the problem's code and its reason, where one code has several.</summary>
    public IEnumerable<(string Code, string Reason, long Count)> Refusals => _refusals.Select(refusal => (refusal.Key.Code, refusal.Key.Reason, Volatile.Read(ref refusal.Value.Value)));

    public void Ended(int status, long micros)
    {
        var cells = Mine();
        var at = ClassOf(status) * PerClass;
        Interlocked.Increment(ref cells[at + BucketOf(micros)]);
        Interlocked.Add(ref cells[at + SumAt], micros);
    }

    public void Moved(long bytesIn, long bytesOut)
    {
        var cells = Mine();
        if (bytesIn != 0)
            Interlocked.Add(ref cells[BytesInAt], bytesIn);
        if (bytesOut != 0)
            Interlocked.Add(ref cells[BytesOutAt], bytesOut);
    }

    public void Refused(Problem problem)
    {
        var key = (problem.Code, problem.Reason ?? "");
        if (!_refusals.TryGetValue(key, out var count))
            count = _refusals.GetOrAdd(key, static _ => new Count());
        Interlocked.Increment(ref count.Value);
    }

    public Snapshot Read()
    {
        var all = new long[Length];
        foreach (var stripe in _stripes)
            for (var i = 0; i < Length; i++)
                all[i] += Volatile.Read(ref stripe[i]);
        return new Snapshot(all);
    }

    private long[] Mine() => _stripes[Thread.GetCurrentProcessorId() & StripeMask];

    // 1xx comes first; what is no status of HTTP counts as an error.
    private static int ClassOf(int status) => status is >= 100 and < 600 ? status / 100 - 1 : Classes - 1;

    private static int BucketOf(long micros)
    {
        var bounds = BoundMicros;
        var bucket = 0;
        while (bucket < bounds.Length && micros > bounds[bucket])
            bucket++;
        return bucket;
    }

    /// <summary>The sum over all processors. A call that ends meanwhile may be in its bucket and not in the sum yet.</summary>
    internal readonly struct Snapshot(long[] cells)
    {
        public long BytesIn => cells[BytesInAt];

        public long BytesOut => cells[BytesOutAt];

        public ReadOnlySpan<long> Buckets(int statusClass) => cells.AsSpan(statusClass * PerClass, SumAt);

        public double SumSeconds(int statusClass) => cells[statusClass * PerClass + SumAt] / 1e6;

        public long Count(int statusClass)
        {
            var count = 0L;
            foreach (var bucket in Buckets(statusClass))
                count += bucket;
            return count;
        }
    }

    private sealed class Count
    {
        public long Value;
    }
}
