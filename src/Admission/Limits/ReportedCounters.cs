using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Snapshot;
using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Admission.Limits;

/// <summary>
/// Brings what others report into the counters. No call takes from those cells: twice a second the sums of the subscriptions that something was reported for, or whose
/// terms are new, are read and set, on every node the same, and once more when a window turns soon after. So a used-up allowance refuses the next call within a second of the report, and nodes need no leases for it.
/// When the database is away, the last sums hold, over a restart too. What was reported while the node was down is read as soon as it has its terms.
/// </summary>
internal sealed partial class ReportedCounters(
    NodeState state, IDatabase database, IReportedUsage reports, CounterCheckpoint checkpoint, TimeProvider clock, ILogger<ReportedCounters> logger) : BackgroundService
{
    private const int Together = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan UntilLoaded = TimeSpan.FromMilliseconds(20);
    private long? _mark;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(UntilLoaded, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                if (!state.Loaded)
                    continue;
                timer.Period = Interval;
                await TryLookAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    internal async Task LookAsync(CancellationToken cancellation)
    {
        if (state.Reported.IsEmpty)
        {
            // Nothing to look after; whoever comes is new, and is read whole.
            _mark = null;
            return;
        }
        var changes = await database.AsWorkerAsync(session => reports.SinceAsync(session, _mark), cancellation).ConfigureAwait(false);
        var now = Now;
        var changed = changes.SubscriptionIds.Select(state.Reported.GetValueOrDefault).OfType<ReportedSubscriber>()
            .Concat(state.Reported.Values.Where(one => _mark is null || one.TermsRead != one.Subscriber.TermsNumber)).Distinct().ToList();
        foreach (var one in changed)
            one.Changed(now);
        foreach (var some in changed.Union(state.Reported.Values.Where(one => one.ReadAgainAt <= now)).Chunk(Together))
            await ReadAsync(some, cancellation).ConfigureAwait(false);
        _mark = changes.Mark;
    }

    private long Now => state.Shared is { } shared ? shared.Clock.Now : clock.GetUtcNow().UtcTicks;

    private async Task ReadAsync(ReportedSubscriber[] subscribers, CancellationToken cancellation)
    {
        var now = Now;
        // The number before the terms: what is put in force meanwhile is read the next time.
        var numbers = Array.ConvertAll(subscribers, one => one.Subscriber.TermsNumber);
        var wanted = (from one in subscribers
                      let terms = one.Subscriber.Terms
                      where terms is not null
                      from term in terms.Value.Allowances
                      where Meter.IsDeclared(term.Meter)
                      select (Terms: terms.Value, Term: term, Frame: terms.Value.FrameAt(term, now))).ToList();
        var sums = await database.AsWorkerAsync(session => reports.SumsAsync(session,
            [.. wanted.Select(one => new ReportedCounter(one.Terms.SubscriptionId, one.Term.Name, Instant(one.Frame.Start), Instant(one.Frame.End)))]), cancellation).ConfigureAwait(false);
        var counted = wanted.Zip(sums, (one, used) => (one.Terms, one.Term, one.Frame.Ordinal, Used: used)).ToList();
        // On disk before it is in force: a restart refuses what was refused before.
        checkpoint.Reported(counted);
        foreach (var (terms, term, ordinal, used) in counted)
            Set(terms, term, ordinal, used);
        var turns = wanted.ToLookup(one => one.Terms.SubscriptionId, one => one.Frame.End);
        for (var i = 0; i < subscribers.Length; i++)
            subscribers[i].Read(numbers[i], turns[subscribers[i].Subscriber.Id].DefaultIfEmpty(long.MaxValue).Min());
    }

    private static DateTimeOffset Instant(long ticks) => new(ticks, TimeSpan.Zero);

    private static void Set(in Terms terms, in AllowanceTerm term, uint ordinal, long used)
    {
        ref var cell = ref terms.CellOf(term.Meter);
        WindowWord.Set(ref terms.WordOf(ref cell, term.Window), term.Bits, ordinal, Volatile.Read(ref cell.Total), used);
    }

    private async Task TryLookAsync(CancellationToken cancellation)
    {
        try
        {
            await LookAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            LogFailed(logger, exception.Message);
        }
    }

    [LoggerMessage(4108, LogLevel.Warning, "What others reported could not be read, trying again: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
