using Microsoft.Extensions.Logging;

namespace Tollgate.Foundation.Changes;

/// <summary>
/// One handler and the version up to which it has applied. Each has its own place, so that a handler that fails is tried again with the same changes
/// while the others go on: a broken catalog must not keep a revoked key alive.
/// </summary>
internal sealed class Follower(IChangeHandler handler, ChangeStore store, ILogger logger)
{
    // A handler that cannot apply a change may be healed by loading everything.
    private const int FailuresBeforeReload = 5;

    private readonly HashSet<string> _topics = new(handler.Topics, StringComparer.Ordinal);
    private int _failures;
    private Guid _feed;

    public int Order => handler.Order;

    public bool Loaded { get; private set; }

    public long Version { get; private set; }

    /// <summary>Takes in what the handler has on disk. Answers when that was current; null when it has nothing.</summary>
    public async Task<DateTimeOffset?> RestoreAsync(CancellationToken cancellation)
    {
        if (handler is not IStoredChangeHandler stored)
            return null;
        try
        {
            if (await stored.RestoreAsync(cancellation).ConfigureAwait(false) is not { } place)
                return null;
            (_feed, Version, Loaded) = (place.Feed, place.Version, true);
            return place.FreshAt;
        }
        catch (Exception failed) when (!cancellation.IsCancellationRequested)
        {
            logger.LogError(failed, "{Handler} could not take in its snapshot from disk and needs the database", handler.GetType().Name);
            return null;
        }
    }

    /// <summary>Applies all that is committed now. False when it failed; the next round tries again.</summary>
    /// <param name="end">Where the feed ended a moment ago: who stands there has nothing to read.</param>
    public async Task<bool> FollowAsync(ChangeStore.Range end, DateTimeOffset now, CancellationToken cancellation)
    {
        try
        {
            if (!IsAt(end))
                await CatchUpAsync(cancellation).ConfigureAwait(false);
            _failures = 0;
            (handler as IStoredChangeHandler)?.Reached(new FeedPlace(_feed, Version, now));
            return true;
        }
        catch (Exception failed) when (!cancellation.IsCancellationRequested)
        {
            _failures++;
            logger.LogError(failed, "{Handler} could not follow the changes after {Version} (failure {Count}); it tries again", handler.GetType().Name, Version, _failures);
            return false;
        }
    }

    private bool IsAt(ChangeStore.Range end) => Loaded && _failures == 0 && end.Feed == _feed && end.Newest == Version;

    private async Task CatchUpAsync(CancellationToken cancellation)
    {
        if (!Loaded || _failures >= FailuresBeforeReload)
            await LoadAsync(cancellation).ConfigureAwait(false);
        while (await StepAsync(cancellation).ConfigureAwait(false))
        {
        }
    }

    private async Task<bool> StepAsync(CancellationToken cancellation)
    {
        if (await store.ReadAsync(_feed, Version, cancellation).ConfigureAwait(false) is not { } next)
        {
            logger.LogWarning("{Handler} has lost its place at {Version} and loads everything again", handler.GetType().Name, Version);
            await LoadAsync(cancellation).ConfigureAwait(false);
            return true;
        }
        if (next.Changes.Count == 0)
            return false;
        Change[] mine = [.. next.Changes.Where(change => _topics.Contains(change.Topic))];
        if (mine.Length > 0)
            await handler.ApplyAsync(mine, cancellation).ConfigureAwait(false);
        Version = next.Changes[^1].Version;
        return next.More;
    }

    // The place is noted before the load: what is committed while it loads is applied once more, which does no harm, instead of being missed.
    private async Task LoadAsync(CancellationToken cancellation)
    {
        var range = await store.RangeAsync(cancellation).ConfigureAwait(false);
        await handler.LoadAsync(cancellation).ConfigureAwait(false);
        (_feed, Version) = (range.Feed, range.Newest);
        Loaded = true;
        _failures = 0;
    }
}
