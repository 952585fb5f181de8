using Tollgate.Foundation;

namespace Tollgate.Metering;

/// <summary>What was used in one billing period of a subscription under one plan version.</summary>
public sealed record PeriodUsage(Guid SubscriptionId, int PlanVersion, string Meter, DateTimeOffset PeriodStart, decimal Amount);

/// <summary>Amounts, for the modules that price them or limit them.</summary>
public interface IUsage
{
    /// <summary>All (plan version, meter) sums of the period, billable events only; under the caller's row-level security.</summary>
    Task<IReadOnlyList<PeriodUsage>> OfPeriodAsync(DbSession session, Guid subscriptionId, DateTimeOffset periodStart);

    /// <summary>
    /// Billable amounts of a meter for each subscription with any since <paramref name="from"/>, by the time of the event. Exact for any instant: whole hours
    /// from the rollups, the rest from the request log. For counters that a node builds when it starts. Worker role.
    /// </summary>
    Task<IReadOnlyDictionary<Guid, long>> SinceAsync(DbSession session, Guid[] subscriptionIds, string meter, DateTimeOffset from);

    /// <summary>Billable amount of a meter that one node's journal has brought for a subscription. For a node that accounts for what it did before it died. Worker role.</summary>
    Task<long> OfJournalSinceAsync(DbSession session, Guid journalId, Guid subscriptionId, string meter, DateTimeOffset from);
}

/// <summary>Copies what is in this node's journal into the request log.</summary>
public interface IUsageShipping
{
    /// <summary>Which journal this node writes.</summary>
    Guid JournalId { get; }

    /// <summary>Returns when everything appended before the call is in the request log and the rollups.</summary>
    Task ShipNowAsync(CancellationToken cancellation);

    /// <summary>What is in the journal need not wait for company: it is shipped within a fifth of a second, where the database answers. Waits for nothing.</summary>
    void ShipSoon();
}

/// <summary>
/// May this caller see this id's usage? The module that owns the id answers; the first answer that is not null wins, and no answer is 404.
/// </summary>
public interface IUsageSubjects
{
    /// <summary>`subscription` or `api`.</summary>
    string Kind { get; }

    /// <summary>True when the row is visible under the session's row-level security.</summary>
    Task<bool> IsVisibleAsync(DbSession session, Guid id);
}
