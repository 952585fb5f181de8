namespace Tollgate.Foundation;

/// <summary>A row of the change feed: the entity <paramref name="Id"/> of <paramref name="Topic"/> was inserted, changed or deleted.</summary>
public sealed record Change(long Version, string Topic, Guid Id);

/// <summary>
/// Keeps a snapshot in memory in step with the database. The feed calls <see cref="LoadAsync"/> once before the program is ready and again when
/// it has lost its place, then <see cref="ApplyAsync"/> with every change of its topics, in commit order, none skipped. Never called concurrently.
/// </summary>
/// <remarks>
/// A table joins the feed by a deferred constraint trigger: <c>CREATE CONSTRAINT TRIGGER … AFTER INSERT OR UPDATE OR DELETE ON … DEFERRABLE INITIALLY
/// DEFERRED FOR EACH ROW EXECUTE FUNCTION foundation.record_change('topic')</c>, which records the row's <c>id</c>.
/// Handlers run in the order of <see cref="Order"/>: lower first.
/// </remarks>
public interface IChangeHandler
{
    IReadOnlyCollection<string> Topics { get; }

    int Order => 0;

    Task LoadAsync(CancellationToken cancellation);

    Task ApplyAsync(IReadOnlyList<Change> changes, CancellationToken cancellation);
}

/// <summary>Where a snapshot stands: up to which version of which database's feed it has all changes, and when that was known to be all that there were.</summary>
public sealed record FeedPlace(Guid Feed, long Version, DateTimeOffset FreshAt);

/// <summary>
/// A handler whose snapshot is on this node's disk too, so that a start needs no database. It goes on from there by the feed, and loads everything again
/// only when the feed does not reach back that far or is another database's.
/// </summary>
public interface IStoredChangeHandler : IChangeHandler
{
    /// <summary>Called once, before anything else: takes in what is on disk. Null when there is nothing that can be used.</summary>
    Task<FeedPlace?> RestoreAsync(CancellationToken cancellation);

    /// <summary>
    /// After each round that succeeded: everything up to here is applied. To be written down now and then; a place that is older than the content does no
    /// harm, because changes may be applied twice.
    /// </summary>
    void Reached(FeedPlace place);
}

/// <summary>Lets a caller that has just committed wait until this node has applied it (publish answers when the gateway serves).</summary>
public interface IChangeFeed
{
    /// <summary>Version of the last change applied on this node.</summary>
    long AppliedVersion { get; }

    /// <summary>False until every handler has loaded.</summary>
    bool Ready { get; }

    /// <summary>Time since this node's snapshots were last known to be current, over a restart too.</summary>
    TimeSpan Staleness { get; }

    /// <summary>Older than <c>Snapshot__GreatestStalenessSeconds</c> allows: what a key may do can have changed too much.</summary>
    bool TooStale { get; }

    /// <summary>
    /// Waits until this node has applied what was committed up to now, so that the answer to a change is true when it arrives; inside a request's
    /// transaction that happens with its commit. Two seconds at most and never a failure: the change is committed, and the feed brings it in any case.
    /// </summary>
    Task AfterCommitAsync(CancellationToken cancellation);

    /// <summary>Reads and applies what has been committed up to now, however long that takes. An answer to a client waits by <see cref="AfterCommitAsync"/>.</summary>
    Task CatchUpAsync(CancellationToken cancellation);
}
