using Tollgate.Foundation;

namespace Tollgate.Metering;

/// <summary>What the intake of reported usage must know of a subscription.</summary>
/// <param name="CountedFrom">Billing periods are counted from here.</param>
/// <param name="PeriodOf">Start and end of the billing period that holds an instant.</param>
/// <param name="PlanVersionAt">The plan version that it was on at an instant.</param>
public sealed record ReportSubject(
    Guid SubscriptionId, Guid OrganizationId, Guid ProviderOrganizationId, DateTimeOffset StartedAt, DateTimeOffset CountedFrom, DateTimeOffset? EndedAt,
    Func<DateTimeOffset, (DateTimeOffset Start, DateTimeOffset End)> PeriodOf, Func<DateTimeOffset, int> PlanVersionAt);

/// <summary>The module that owns subscriptions answers for them; what the caller may not see is not in the answer.</summary>
public interface IReportSubjects
{
    Task<IReadOnlyList<ReportSubject>> FindAsync(DbSession session, Guid[] subscriptionIds);

    /// <summary>All subscriptions to an API, ended ones included: reports name subscriptions only.</summary>
    Task<IReadOnlyList<Guid>> OfApiAsync(DbSession session, Guid apiId);
}

/// <summary>Subscriptions for which something was reported, and the mark from which to ask the next time. Some may be named again that were named before.</summary>
public sealed record ReportedChanges(IReadOnlyList<Guid> SubscriptionIds, long Mark);

/// <summary>A sum that a node counts by: a declared meter of a subscription in a window.</summary>
public readonly record struct ReportedCounter(Guid SubscriptionId, string Meter, DateTimeOffset From, DateTimeOffset To);

/// <summary>Tells nodes which sums of <see cref="IUsage"/> have grown by reports. Worker role.</summary>
public interface IReportedUsage
{
    /// <summary>What was committed since a mark was handed out, none skipped; none, only a mark, without one.</summary>
    Task<ReportedChanges> SinceAsync(DbSession session, long? mark);

    /// <summary>For each counter, in their order, what was reported in its window: exact for any instants, whole hours from the rollups and the rest from the events.</summary>
    Task<IReadOnlyList<long>> SumsAsync(DbSession session, IReadOnlyList<ReportedCounter> counters);
}
