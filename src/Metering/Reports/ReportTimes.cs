using Tollgate.Metering.Shipping;

namespace Tollgate.Metering.Reports;

/// <summary>When a reported event counts: the hour and the billing period.</summary>
internal readonly record struct CountedTime(DateTimeOffset At, DateTimeOffset PeriodStart);

/// <summary>
/// An event counts at its own time as long as that billing period runs, and a day longer. What comes later, or is older than the request log takes, counts when it
/// arrives: a bill that was final stays so. What is a little ahead counts now: later it would be in a window that nobody has looked at yet.
/// </summary>
internal static class ReportTimes
{
    public static readonly TimeSpan Oldest = TimeSpan.FromDays(60);
    public static readonly TimeSpan Grace = TimeSpan.FromHours(24);

    // Clocks differ.
    private static readonly TimeSpan Newest = LogRow.NewestOwnTime;

    /// <summary>Null when it may not count; then <paramref name="why"/> says why.</summary>
    public static CountedTime? Of(ReportSubject subject, DateTimeOffset time, DateTimeOffset now, out Rejection? why)
    {
        why = time > now + Newest ? Rejection.InFuture
            : time < now - Oldest ? Rejection.TooOld
            : time < subject.StartedAt - Newest ? Rejection.BeforeSubscription
            : subject.EndedAt is { } ended && (time > ended || now > ended + Grace) ? Rejection.SubscriptionEnded
            : null;
        if (why is not null)
            return null;
        var at = CountsAtItsTime(subject, time, now) ? (time < now ? time : now) : subject.EndedAt is { } end && end < now ? end : now;
        return new CountedTime(at, subject.PeriodOf(at).Start);
    }

    private static bool CountsAtItsTime(ReportSubject subject, DateTimeOffset time, DateTimeOffset now) =>
        time >= now - LogRow.OldestOwnTime && time >= subject.CountedFrom && subject.PeriodOf(time).End + Grace > now;
}
