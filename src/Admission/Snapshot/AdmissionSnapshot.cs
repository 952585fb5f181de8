using System.Collections;
using System.Runtime.CompilerServices;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Limits;
using Tollgate.Admission.Nodes;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>
/// Keeps keys and terms in step with the database, entry by entry, in memory and on disk. A start needs only the disk: keys and terms as they were last
/// known, counters from their checkpoint and the journal. Without it (first start, a lost disk) a first load builds the counters from the request log. A
/// later load (the feed lost its place) keeps them, because those in memory know calls that the log does not know yet.
/// </summary>
internal sealed class AdmissionSnapshot(
    NodeState state, IDatabase database, IEntitlements entitlements, IUsageShipping shipping, TermsIntake intake, SnapshotDisk disk, CounterCheckpoint counters, NodeLicence licence,
    TimeProvider clock)
    : IStoredChangeHandler, IDisposable
{
    private const string KeyTopic = "key";
    private const int Page = 2_500;

    // How exactly the age of a snapshot is known after a restart.
    private static readonly TimeSpan PlaceInterval = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim _bases = new(1);
    private FeedPlace? _kept;

    public IReadOnlyCollection<string> Topics { get; } = [KeyTopic, IEntitlements.Topic];

    public Task<FeedPlace?> RestoreAsync(CancellationToken cancellation)
    {
        var place = disk.Read(state);
        var restored = false;
        try
        {
            restored = place is not null && counters.Restore();
        }
        finally
        {
            if (!restored)
                Forget();
        }
        if (!restored)
            return Task.FromResult<FeedPlace?>(null);
        UnheardCaps.Assume(state.Capped, clock.GetUtcNow());
        // The register is asked as soon as the database answers; until then the node is what it was.
        state.Loaded = true;
        if (licence.Admitted)
            state.Allow();
        return Task.FromResult(place);
    }

    public async Task LoadAsync(CancellationToken cancellation)
    {
        var again = state.Loaded;
        // First everything that the journal holds from before: the log is then complete, for no call is admitted until this has run.
        if (!again)
            await shipping.ShipNowAsync(cancellation).ConfigureAwait(false);
        await _bases.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            using var written = disk.NewBase();
            var found = new BitArray(again ? state.Subscribers.Count : 0);
            await foreach (var page in PagesAsync(cancellation).ConfigureAwait(false))
            {
                await intake.TakeInAsync(page, again ? IntakeReason.Reload : IntakeReason.FirstLoad, cancellation).ConfigureAwait(false);
                written.Add(page);
                Mark(found, page);
            }
            End([.. Missing(found)]);
            await database.AsWorkerAsync(session => KeyLoader.LoadAsync(session, state), cancellation).ConfigureAwait(false);
            if (!again)
            {
                counters.Begin();
                UnheardCaps.Assume(state.Capped, clock.GetUtcNow());
            }
            _kept = null;
            // What is on disk now misses what this load has found.
            if (!written.Commit(state, place: null))
                disk.Remove();
        }
        finally
        {
            _bases.Release();
        }
        state.Loaded = true;
    }

    public async Task ApplyAsync(IReadOnlyList<Change> changes, CancellationToken cancellation)
    {
        var subscriptions = Ids(changes, IEntitlements.Topic);
        if (subscriptions.Length > 0)
        {
            var found = await database.AsWorkerAsync(session => entitlements.LoadAsync(session, subscriptions), cancellation).ConfigureAwait(false);
            End([.. subscriptions.Except(found.Select(entitlement => entitlement.SubscriptionId))]);
            await intake.TakeInAsync(found, IntakeReason.Change, cancellation).ConfigureAwait(false);
        }
        var keys = Ids(changes, KeyTopic);
        if (keys.Length > 0)
            await database.AsWorkerAsync(session => KeyLoader.LoadAsync(session, state, keys, place => disk.Keep(state, place)), cancellation).ConfigureAwait(false);
    }

    public void Reached(FeedPlace place)
    {
        if (_kept is { } kept && kept.Feed == place.Feed && kept.Version == place.Version && place.FreshAt - kept.FreshAt < PlaceInterval)
            return;
        disk.Keep(place);
        _kept = place;
    }

    /// <summary>Writes a new base when changes have outgrown the content. Beside the feed: what changes meanwhile is in both.</summary>
    public async Task TidyAsync(CancellationToken cancellation)
    {
        if (!disk.NeedsRewrite || _kept is not { } place || !await _bases.WaitAsync(0, cancellation).ConfigureAwait(false))
            return;
        try
        {
            using var written = disk.NewBase();
            await foreach (var page in PagesAsync(cancellation).ConfigureAwait(false))
                written.Add(page);
            written.Commit(state, place);
        }
        finally
        {
            _bases.Release();
        }
    }

    public void Dispose() => _bases.Dispose();

    // In pages, so that a million of them never stand in memory at once.
    private async IAsyncEnumerable<IReadOnlyList<Entitlement>> PagesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (Guid? after = null; ;)
        {
            var from = after;
            var page = await database.AsWorkerAsync(session => entitlements.LoadPageAsync(session, from, Page), cancellation).ConfigureAwait(false);
            yield return page;
            if (page.Count < Page)
                yield break;
            after = page[^1].SubscriptionId;
        }
    }

    // What a part of a file left in memory must not look as if it were counted.
    private void Forget()
    {
        disk.Remove();
        for (var slot = 0; slot < state.Subscribers.Count; slot++)
            state.Subscribers.End(slot);
    }

    // A bit for each subscription that was known before: a million ids need not stand beside themselves.
    private void Mark(BitArray known, IReadOnlyList<Entitlement> page)
    {
        foreach (var entitlement in page)
            if (state.Subscribers.Find(entitlement.SubscriptionId) is { } subscriber && subscriber.Slot < known.Length)
                known[subscriber.Slot] = true;
    }

    private IEnumerable<Guid> Missing(BitArray found) =>
        Enumerable.Range(0, found.Length).Where(slot => !found[slot] && state.Subscribers.At(slot).Terms is not null).Select(slot => state.Subscribers.At(slot).Id);

    private void End(IReadOnlyList<Guid> gone)
    {
        foreach (var id in gone)
            state.Subscribers.Find(id)?.Put(null);
        disk.Ended(gone);
    }

    private static Guid[] Ids(IReadOnlyList<Change> changes, string topic) => [.. changes.Where(change => change.Topic == topic).Select(change => change.Id).Distinct()];
}
