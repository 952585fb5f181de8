using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Shipping;

/// <summary>A usage event as the request log takes it: the record, and what is derived from it.</summary>
internal readonly struct LogRow
{
    /// <summary>Beyond these, the event is billed by its arrival: a clock that was wrong must not reach into closed months.</summary>
    public static readonly TimeSpan OldestOwnTime = TimeSpan.FromDays(40);
    public static readonly TimeSpan NewestOwnTime = TimeSpan.FromMinutes(5);

    private readonly JournalRecord _record;

    /// <exception cref="ArgumentException">The event holds a time that no calendar has (or an OverflowException for one that no number has).</exception>
    public LogRow(JournalRecord record, long journalOffset, DateTimeOffset now)
    {
        ref readonly var usage = ref record.Event;
        (_record, JournalOffset) = (record, journalOffset);
        StartedAt = DateTime.UnixEpoch.AddTicks(checked(usage.StartMicros * TimeSpan.TicksPerMicrosecond));
        PeriodStart = DateTime.UnixEpoch.AddTicks(checked(usage.PeriodStartSeconds * TimeSpan.TicksPerSecond));
        var arrival = now.UtcDateTime;
        arrival = arrival.AddTicks(-(arrival.Ticks % TimeSpan.TicksPerMicrosecond));
        At = StartedAt >= arrival - OldestOwnTime && StartedAt <= arrival + NewestOwnTime ? StartedAt : arrival;
        (Meters, Amounts) = IsOneRequest(usage) ? (null, null) : AmountsOf(usage);
    }

    public DateTime At { get; }

    public DateTime StartedAt { get; }

    public DateTime PeriodStart { get; }

    public long JournalOffset { get; }

    public long ClosedOffset => _record.Offset;

    public ref readonly UsageEvent Event => ref _record.Event;

    /// <summary>Null stands for one request when billable.</summary>
    public short[]? Meters { get; }

    public long[]? Amounts { get; }

    public long DurationMicros => Math.Max(Event.DurationMicros, 0);

    public DateTime Hour => new(At.Ticks - At.Ticks % TimeSpan.TicksPerHour, DateTimeKind.Utc);

    /// <summary>Rows that follow each other like this find the pages of each index still in the processor's cache, and so do those who read them.</summary>
    public static int ByPlaceInIndexes(LogRow left, LogRow right)
    {
        var order = left.Event.ApiId.CompareTo(right.Event.ApiId);
        if (order == 0)
            order = left.Event.SubscriptionId.CompareTo(right.Event.SubscriptionId);
        return order != 0 ? order : left.JournalOffset.CompareTo(right.JournalOffset);
    }

    public static string Name(short code) => Meter.Find((byte)code)?.Name ?? $"meter.{code}";

    // What nearly all are; the others are found by the longer way.
    private static bool IsOneRequest(in UsageEvent usage)
    {
        foreach (ref readonly var pair in (ReadOnlySpan<MeterAmount>)usage.Amounts)
            if (pair.Meter != 0 && (pair.Meter != Meter.Requests.Code || pair.Amount != 1))
                return false;
        var requests = 0;
        foreach (ref readonly var pair in (ReadOnlySpan<MeterAmount>)usage.Amounts)
            requests += pair.Meter == Meter.Requests.Code ? 1 : 0;
        return requests <= 1;
    }

    private static (short[]?, long[]?) AmountsOf(in UsageEvent usage)
    {
        var codes = new List<short>(5);
        var amounts = new List<long>(5);
        foreach (var pair in usage.Amounts)
        {
            if (pair.Meter == 0)
                continue;
            var known = codes.IndexOf(pair.Meter);
            if (known >= 0)
                amounts[known] = checked(amounts[known] + pair.Amount);
            else
            {
                codes.Add(pair.Meter);
                amounts.Add(pair.Amount);
            }
        }
        if (usage.Billable && !codes.Contains(Meter.Requests.Code))
        {
            codes.Insert(0, Meter.Requests.Code);
            amounts.Insert(0, 1);
        }
        return codes.Count == 1 && codes[0] == Meter.Requests.Code && amounts[0] == 1 ? (null, null) : ([.. codes], [.. amounts]);
    }
}
