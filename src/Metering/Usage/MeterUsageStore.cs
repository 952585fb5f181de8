using Tollgate.Foundation;

namespace Tollgate.Metering.Usage;

/// <summary>
/// Amounts of declared meters by hour or day, under the caller's row-level security. Days are added up from the hours: these are what reconciling compares with the
/// events, and there is no second sum that could differ.
/// </summary>
internal static class MeterUsageStore
{
    /// <summary>An organization's 128 meters over 31 days by hour are fewer.</summary>
    public const int MostRows = 100_000;

    public static async Task<Outcome<MeterUsageResponse>> ReadAsync(
        DbSession session, UsageSubject subject, string? meter, UsageRange range, DateTimeOffset now, IEnumerable<IReportSubjects> subjects)
    {
        var (condition, ids) = await WhoseAsync(session, subject, subjects).ConfigureAwait(false);
        var time = range.Interval == UsageInterval.Hour ? "hour" : "date_trunc('day', hour, 'UTC')";
        var sums = await session.QueryAsync<SumRow>($"""
            SELECT meter, {time} AS time, sum(amount) AS amount FROM metering.meter_hourly
            WHERE {condition} AND meter LIKE 'x.%' AND (@meter::text IS NULL OR meter = @meter) AND hour >= @start AND hour < @end
            GROUP BY 1, 2 ORDER BY 1 LIMIT @most
            """, new { id = subject.Id, ids, meter = string.IsNullOrEmpty(meter) ? null : meter, start = range.Start, end = range.End, most = MostRows + 1 }).ConfigureAwait(false);
        var series = sums.GroupBy(sum => sum.Meter, StringComparer.Ordinal).ToList();
        return sums.Count > MostRows || series.Count * range.Intervals > MostRows
            ? Failure.Invalid("from", "RANGE_TOO_LONG", $"More than {MostRows} rows. Ask for fewer hours or days, or for one meter.")
            : new MeterUsageResponse([.. series.Select(one => Series(one.Key, [.. one], range))], now);
    }

    // Reports name subscriptions: which are to an API, the module that owns them knows.
    private static async Task<(string Condition, Guid[] Ids)> WhoseAsync(DbSession session, UsageSubject subject, IEnumerable<IReportSubjects> subjects)
    {
        if (subject.Column != "api_id")
            return ($"{subject.Column} = @id", []);
        var ids = new List<Guid>();
        foreach (var answer in subjects)
            ids.AddRange(await answer.OfApiAsync(session, subject.Id).ConfigureAwait(false));
        return ("subscription_id = ANY (@ids)", [.. ids]);
    }

    private static MeterUsageSeriesResponse Series(string meter, IReadOnlyList<SumRow> sums, UsageRange range)
    {
        var byTime = sums.ToDictionary(sum => sum.Time, sum => sum.Amount);
        var rows = new List<MeterUsageRowResponse>(range.Intervals);
        for (var time = range.Start; time < range.End; time += range.Step)
            rows.Add(new MeterUsageRowResponse(time, byTime.GetValueOrDefault(time)));
        return new MeterUsageSeriesResponse(meter, sums.Sum(sum => sum.Amount), rows);
    }

    private sealed class SumRow
    {
        public string Meter { get; init; } = "";

        public DateTimeOffset Time { get; init; }

        public decimal Amount { get; init; }
    }
}
