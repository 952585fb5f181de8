using System.Buffers;
using System.Globalization;

namespace Tollgate.Metering.Usage;

/// <summary>
/// The fixed logarithmic histogram of durations: bucket b holds (1.1^(b-1), 1.1^b] microseconds and is read as the point whose relative distance to both
/// ends is the same, 4.8 %. Fixed, so that hours, nodes and months merge by addition. `metering.latency_bucket` and
/// `metering.latency_unit` are the same rules in SQL.
/// </summary>
internal static class Latency
{
    public const double Gamma = 1.1;
    private const int BucketDigits = 16;

    public static short Bucket(long micros) => (short)Math.Ceiling(Math.Log(Math.Max(micros, 1)) / Math.Log(Gamma));

    public static double Micros(int bucket) => Math.Pow(Gamma, bucket) * 2 / (1 + Gamma);

    /// <summary>The histogram as the one number that the rollups hold: 16 decimal digits a bucket, so that PostgreSQL merges histograms by adding numbers.</summary>
    public static string Pack(ReadOnlySpan<KeyValuePair<short, long>> buckets)
    {
        if (buckets.IsEmpty)
            return "0";
        var (lowest, highest) = (short.MaxValue, short.MinValue);
        foreach (var (bucket, _) in buckets)
            (lowest, highest) = (Math.Min(lowest, bucket), Math.Max(highest, bucket));
        Span<char> exponent = stackalloc char[8];
        (lowest * BucketDigits).TryFormat(exponent, out var exponentDigits, provider: CultureInfo.InvariantCulture);
        var digits = (highest - lowest + 1) * BucketDigits;
        var text = ArrayPool<char>.Shared.Rent(digits + 1 + exponentDigits);
        text.AsSpan(0, digits).Fill('0');
        foreach (var (bucket, count) in buckets)
            count.TryFormat(text.AsSpan((highest - bucket) * BucketDigits), out _, "D16", CultureInfo.InvariantCulture);
        text[digits] = 'e';
        exponent[..exponentDigits].CopyTo(text.AsSpan(digits + 1));
        var packed = new string(text, 0, digits + 1 + exponentDigits);
        ArrayPool<char>.Shared.Return(text);
        return packed;
    }

    /// <summary>The buckets of a number, sorted.</summary>
    public static List<KeyValuePair<short, long>> Unpack(string number)
    {
        List<KeyValuePair<short, long>> buckets = [];
        for (short bucket = 0; bucket * BucketDigits < number.Length; bucket++)
        {
            var end = number.Length - bucket * BucketDigits;
            var count = long.Parse(number.AsSpan()[Math.Max(0, end - BucketDigits)..end], NumberStyles.None, CultureInfo.InvariantCulture);
            if (count > 0)
                buckets.Add(KeyValuePair.Create(bucket, count));
        }
        return buckets;
    }

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
