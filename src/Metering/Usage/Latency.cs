namespace Tollgate.Metering.Usage;

/// <summary>
/// The fixed logarithmic histogram of durations: bucket b holds (1.1^(b-1), 1.1^b] microseconds and is read as the point whose relative distance to both
/// ends is the same, 4.8 %. Fixed, so that hours, nodes and months merge by addition. `metering.latency_bucket` is the same rule in SQL.
/// </summary>
internal static class Latency
{
    public const double Gamma = 1.1;

    public static short Bucket(long micros) => (short)Math.Ceiling(Math.Log(Math.Max(micros, 1)) / Math.Log(Gamma));

    public static double Micros(int bucket) => Math.Pow(Gamma, bucket) * 2 / (1 + Gamma);

    /// <summary>The quantile in milliseconds, or null without a call. <paramref name="buckets"/> is sorted by bucket.</summary>
    public static double? Quantile(IReadOnlyList<KeyValuePair<short, long>> buckets, double quantile)
    {
        var total = buckets.Sum(b => b.Value);
        if (total == 0)
            return null;
        var rank = Math.Max(1, (long)Math.Ceiling(quantile * total));
        long seen = 0;
        foreach (var (bucket, count) in buckets)
        {
            seen += count;
            if (seen >= rank)
                return Math.Round(Micros(bucket) / 1000, 3);
        }
        return null;
    }
}
