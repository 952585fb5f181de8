using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>
/// Looks four times a second what the capped subscriptions that were called have cost, by the invoice's own rating of what is in the log, and asks the shipper not to wait
/// while there are any: an event is in the log in a fifth of a second, so a cap holds within a second of the event that reaches it. When the database is away, the last word
/// holds; where there was none yet, <see cref="UnheardCaps"/>.
/// </summary>
internal sealed partial class SpendCaps(
    NodeState state, IDatabase database, ISpending spending, IUsageShipping shipping, TimeProvider clock, ILogger<SpendCaps> logger) : BackgroundService
{
    private const int Together = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // Usage may come from other nodes, and events later than the call that was counted here.
    private static readonly TimeSpan LookAgainFor = TimeSpan.FromSeconds(5);
    private readonly Dictionary<Guid, (long Total, long ChangedAt)> _seen = [];
    private readonly HashSet<Guid> _heardOf = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                await TryLookAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    internal async Task LookAsync(CancellationToken cancellation)
    {
        foreach (var some in state.Capped.Where(IsStirring).Chunk(Together))
        {
            shipping.ShipSoon();
            var found = await database.AsWorkerAsync(session => spending.OfAsync(session, [.. some.Select(one => one.Key)]), cancellation).ConfigureAwait(false);
            _heardOf.UnionWith(some.Select(one => one.Key));
            foreach (var spent in found)
                if (state.Subscribers.Find(spent.SubscriptionId) is { Terms.Plan.SpendCap: { } cap } subscriber)
                    subscriber.SetSpentUp(spent.Amount >= cap && spent.UsedUp.Count > 0 ? new SpentUp(spent.PeriodStart.ToUnixTimeSeconds(), Mask(spent.UsedUp)) : null);
        }
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
            _seen.Clear();
            UnheardCaps.Assume(state.Capped.Where(one => !_heardOf.Contains(one.Key)), clock.GetUtcNow());
        }
    }

    private bool IsStirring(KeyValuePair<Guid, Subscriber> capped)
    {
        var total = 0L;
        if (capped.Value.TryTerms(out var terms))
        {
            // Cells of what others report tell their sums only, not that there was a report.
            total = terms.Plan.SpendCap.GetValueOrDefault() + (state.Reported.GetValueOrDefault(capped.Key)?.Reports ?? 0);
            foreach (ref readonly var term in terms.Allowances.AsSpan())
                total += Volatile.Read(ref terms.CellOf(term.Meter).Total);
        }
        var now = clock.GetTimestamp();
        if (!_seen.TryGetValue(capped.Key, out var seen) || seen.Total != total)
            _seen[capped.Key] = seen = (total, now);
        return clock.GetElapsedTime(seen.ChangedAt, now) < LookAgainFor;
    }

    private static uint Mask(IReadOnlyList<string> meters) => meters.Aggregate(0u, (mask, name) => mask | MeterMask.Of(name));

    [LoggerMessage(4107, LogLevel.Warning, "Spend caps could not be looked at, trying again: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
