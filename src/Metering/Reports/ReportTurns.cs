using System.Threading.RateLimiting;
using Tollgate.Foundation;

namespace Tollgate.Metering.Reports;

/// <summary>
/// How many reports are at the database at once: each holds a connection, of which calls for other things need some too. A turn is taken when the report has been read,
/// so whoever sends slowly holds none, and no organization has more than half of them.
/// </summary>
internal sealed class ReportTurns : IDisposable
{
    public const int Together = 8;
    public const int Share = 4;
    public const int WaitingOfOne = 100;

    public static readonly Failure Busy =
        new(FailureKind.Unavailable, "REPORTS_BUSY", "Too many reports are being taken in. Nothing of this one was; send it again in a moment.") { RetryAfterSeconds = 2 };

    private readonly ConcurrencyLimiter _all = new(Limit(Together, 200));
    private readonly PartitionedRateLimiter<Guid> _shares =
        PartitionedRateLimiter.Create<Guid, Guid>(id => RateLimitPartition.GetConcurrencyLimiter(id, static _ => Limit(Share, WaitingOfOne)));

    /// <summary>Null when too many wait already. To be given back by disposing of it.</summary>
    /// <param name="organizations">Those for which the caller may report; who may for none shares with all others like it.</param>
    public async Task<ReportTurn?> TakeAsync(IEnumerable<Guid> organizations, CancellationToken cancellation)
    {
        var turn = new ReportTurn();
        try
        {
            // In one order, so that two never wait for each other in a circle; the common one last, so that nobody holds it and waits.
            foreach (var organization in organizations.Order().DefaultIfEmpty())
                if (!turn.Add(await _shares.AcquireAsync(organization, 1, cancellation).ConfigureAwait(false)))
                    return null;
            return turn.Add(await _all.AcquireAsync(1, cancellation).ConfigureAwait(false)) ? turn.Complete() : null;
        }
        finally
        {
            turn.DropIncomplete();
        }
    }

    public void Dispose()
    {
        _all.Dispose();
        _shares.Dispose();
    }

    private static ConcurrencyLimiterOptions Limit(int permits, int waiting) => new() { PermitLimit = permits, QueueLimit = waiting, QueueProcessingOrder = QueueProcessingOrder.OldestFirst };
}

/// <summary>A place at the database, of the program's and of each organization's.</summary>
internal sealed class ReportTurn : IDisposable
{
    private readonly List<RateLimitLease> _leases = [];
    private bool _complete;

    /// <summary>False when it was refused.</summary>
    public bool Add(RateLimitLease lease)
    {
        _leases.Add(lease);
        return lease.IsAcquired;
    }

    public ReportTurn Complete()
    {
        _complete = true;
        return this;
    }

    public void DropIncomplete()
    {
        if (!_complete)
            Dispose();
    }

    public void Dispose() => _leases.ForEach(lease => lease.Dispose());
}
