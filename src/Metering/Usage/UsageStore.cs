using Tollgate.Foundation;

namespace Tollgate.Metering.Usage;

/// <summary>Reads the rollups under the caller's row-level security.</summary>
internal static class UsageStore
{
    public static async Task<UsageResponse> ReadAsync(DbSession session, UsageSubject subject, UsageRange range, DateTimeOffset now)
    {
        var (time, suffix) = range.Interval == UsageInterval.Hour ? ("hour", "hourly") : ("day", "daily");
        var span = $"WHERE {subject.Column} = @id AND {time} >= @start AND {time} < @end";
        var parameters = new { id = subject.Id, start = range.Start, end = range.End };
        var sums = await session.QueryAsync<SumRow>($"""
            SELECT {time} AS time, sum(requests)::bigint AS requests, sum(calls)::bigint AS calls, sum(refused)::bigint AS refused, sum(failed)::bigint AS failed,
              sum(errors)::bigint AS errors, sum(status_2xx)::bigint AS status2xx, sum(status_3xx)::bigint AS status3xx, sum(status_4xx)::bigint AS status4xx,
              sum(status_5xx)::bigint AS status5xx, sum(bytes_in)::bigint AS bytes_in, sum(bytes_out)::bigint AS bytes_out,
              sum(latencies)::text AS latencies
            FROM metering.usage_{suffix} {span} GROUP BY 1
            """, parameters).ConfigureAwait(false);
        return Answer(range, now, sums);
    }

    // A bucket without calls is a row of zeros: charts are continuous, and the range bounds their number.
    private static UsageResponse Answer(UsageRange range, DateTimeOffset now, IReadOnlyList<SumRow> sums)
    {
        var byTime = sums.ToDictionary(s => s.Time);
        var rows = new List<UsageRowResponse>();
        var total = new SumRow();
        for (var time = range.Start; time < range.End; time += range.Step)
        {
            var sum = byTime.GetValueOrDefault(time) ?? new SumRow();
            total.Add(sum);
            rows.Add(new UsageRowResponse(time, sum.Requests, sum.Calls, sum.Refused, sum.Failed, sum.Errors, sum.BytesIn, sum.BytesOut, sum.Status, Percentiles(sum.Histogram)));
        }
        return new UsageResponse(rows, new UsageTotalResponse(total.Requests, total.Calls, total.Refused, total.Failed, total.Errors, total.BytesIn, total.BytesOut,
            total.Status, Percentiles(total.Histogram)), now);
    }

    private static LatencyResponse Percentiles(SortedDictionary<short, long> histogram)
    {
        var buckets = histogram.ToList();
        return new LatencyResponse(Latency.Quantile(buckets, 0.5), Latency.Quantile(buckets, 0.9), Latency.Quantile(buckets, 0.99));
    }

    private sealed class SumRow
    {
        public DateTimeOffset Time { get; init; }
        public long Requests { get; set; }
        public long Calls { get; set; }
        public long Refused { get; set; }
        public long Failed { get; set; }
        public long Errors { get; set; }
        public long Status2xx { get; set; }
        public long Status3xx { get; set; }
        public long Status4xx { get; set; }
        public long Status5xx { get; set; }
        public long BytesIn { get; set; }
        public long BytesOut { get; set; }

        public string Latencies { init => Merge(Latency.Unpack(value)); }

        public SortedDictionary<short, long> Histogram { get; } = [];

        public StatusCountsResponse Status => new(Status2xx, Status3xx, Status4xx, Status5xx);

        public void Add(SumRow other)
        {
            Requests += other.Requests;
            Calls += other.Calls;
            Refused += other.Refused;
            Failed += other.Failed;
            Errors += other.Errors;
            Status2xx += other.Status2xx;
            Status3xx += other.Status3xx;
            Status4xx += other.Status4xx;
            Status5xx += other.Status5xx;
            BytesIn += other.BytesIn;
            BytesOut += other.BytesOut;
            Merge(other.Histogram);
        }

        private void Merge(IEnumerable<KeyValuePair<short, long>> buckets)
        {
            foreach (var (bucket, count) in buckets)
                Histogram[bucket] = Histogram.GetValueOrDefault(bucket) + count;
        }
    }
}
