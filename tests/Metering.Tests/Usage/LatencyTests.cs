using System.Runtime.InteropServices;
using Tollgate.Metering.Usage;

namespace Tollgate.Metering.Tests.Usage;

public class LatencyTests
{
    [Fact]
    public void Bucket_OfAnyDuration_IsReadWithinFivePercent()
    {
        var random = new Random(7);
        for (var i = 0; i < 200_000; i++)
        {
            var micros = (long)Math.Exp(random.NextDouble() * Math.Log(86_400_000_000));
            var read = Latency.Micros(Latency.Bucket(micros));
            (Math.Abs(read - micros) / micros).ShouldBeLessThanOrEqualTo(0.05, $"{micros} µs");
        }
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.99)]
    public void Quantile_OfManyDurations_IsWithinFivePercentOfTheSorted(double quantile)
    {
        var random = new Random(11);
        var durations = Enumerable.Range(0, 10_000).Select(_ => 500 + (long)(20_000 * -Math.Log(1 - random.NextDouble()))).Order().ToArray();
        var histogram = durations.GroupBy(Latency.Bucket).OrderBy(g => g.Key).Select(g => KeyValuePair.Create(g.Key, (long)g.Count())).ToList();
        var exact = durations[(int)Math.Ceiling(quantile * durations.Length) - 1] / 1000.0;
        var read = Latency.Quantile(histogram, quantile)!.Value;
        (Math.Abs(read - exact) / exact).ShouldBeLessThanOrEqualTo(0.05);
    }

    [Fact]
    public async Task Pack_AnyHistograms_AreMergedByAdditionInTheDatabase()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var random = new Random(5);
        var merged = new SortedDictionary<short, long>();
        List<string> packed = [];
        for (var i = 0; i < 60; i++)
        {
            var histogram = Enumerable.Range(0, random.Next(20)).Select(_ => (short)random.Next(459)).Distinct()
                .Select(bucket => KeyValuePair.Create(bucket, random.NextInt64(1, 1L << random.Next(1, 45)))).ToList();
            packed.Add($"('{Latency.Pack(CollectionsMarshal.AsSpan(histogram))}')");
            foreach (var (bucket, count) in histogram)
                merged[bucket] = merged.GetValueOrDefault(bucket) + count;
        }
        var sum = await db.ScalarAsync<string>($"SELECT sum(n::numeric)::text FROM (VALUES {string.Join(", ", packed)}) v (n)");
        Latency.Unpack(sum).ShouldBe([.. merged]);
        foreach (var (bucket, count) in merged.Take(5))
            (await db.ScalarAsync<bool>($"SELECT {count} * metering.latency_unit({bucket}::smallint) = '{Latency.Pack([KeyValuePair.Create(bucket, count)])}'::numeric")).ShouldBeTrue();
    }

    [Fact]
    public void Quantile_WithoutCalls_IsNull() => Latency.Quantile([], 0.5).ShouldBeNull();
}
