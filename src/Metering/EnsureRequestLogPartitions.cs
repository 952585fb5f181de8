using Tollgate.Foundation;

namespace Tollgate.Metering;

/// <summary>Recurring, daily, and once at each start: the months of the request log up to three from now.</summary>
public sealed class EnsureRequestLogPartitions(IDatabase database, TimeProvider clock) : IRecurringJob
{
    private const int MonthsAhead = 3;

    public Task RunAsync(CancellationToken cancellation) => database.AsWorkerAsync(
        session => session.QuerySingleAsync<int>("SELECT metering.ensure_partitions(@ahead, @now)", new { ahead = MonthsAhead, now = clock.GetUtcNow() }), cancellation);
}
