using Tollgate.Admission.Deciding;
using Tollgate.Admission.Limits;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>
/// Keeps keys and terms in step with the database, entry by entry. A first load also builds the counters from the request log, so that a restart
/// forgets nothing; a later one (the feed lost its place) keeps them, because those in memory know calls that the log does not know yet.
/// </summary>
internal sealed class AdmissionSnapshot(
    NodeState state, IDatabase database, IEntitlements entitlements, IUsageShipping shipping, CounterSeeds seeds, TimeProvider clock) : IChangeHandler
{
    private const string KeyTopic = "key";

    // A subscription that this node has never heard of and that is younger than this has nothing in the log.
    private static readonly TimeSpan Newborn = TimeSpan.FromMinutes(5);

    public IReadOnlyCollection<string> Topics { get; } = [KeyTopic, IEntitlements.Topic];

    public async Task LoadAsync(CancellationToken cancellation)
    {
        var again = state.Loaded;
        // First everything that the journal holds from before: the log is then complete, for no call is admitted until this has run.
        if (!again)
            await shipping.ShipNowAsync(cancellation).ConfigureAwait(false);
        var all = await database.AsWorkerAsync(session => entitlements.LoadAsync(session, null), cancellation).ConfigureAwait(false);
        await TakeInAsync(all, first: !again, cancellation).ConfigureAwait(false);
        if (again)
            End(state.Subscribers.Ids().Except(all.Select(entitlement => entitlement.SubscriptionId)));
        await database.AsWorkerAsync(session => KeyLoader.LoadAsync(session, state, null), cancellation).ConfigureAwait(false);
        state.Loaded = true;
    }

    public async Task ApplyAsync(IReadOnlyList<Change> changes, CancellationToken cancellation)
    {
        var subscriptions = Ids(changes, IEntitlements.Topic);
        if (subscriptions.Length > 0)
        {
            var found = await database.AsWorkerAsync(session => entitlements.LoadAsync(session, subscriptions), cancellation).ConfigureAwait(false);
            End(subscriptions.Except(found.Select(entitlement => entitlement.SubscriptionId)));
            await TakeInAsync(found, first: false, cancellation).ConfigureAwait(false);
        }
        var keys = Ids(changes, KeyTopic);
        if (keys.Length > 0)
            await database.AsWorkerAsync(session => KeyLoader.LoadAsync(session, state, keys), cancellation).ConfigureAwait(false);
    }

    private void End(IEnumerable<Guid> gone)
    {
        foreach (var id in gone)
            if (state.Subscribers.Find(id) is { } subscriber)
                subscriber.Terms = null;
    }

    private static Guid[] Ids(IReadOnlyList<Change> changes, string topic) => [.. changes.Where(change => change.Topic == topic).Select(change => change.Id).Distinct()];

    // What needs no look into the log is in force at once (an ended subscription must not wait); the rest after its counters are built.
    private async Task TakeInAsync(IReadOnlyList<Entitlement> found, bool first, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var waiting = new List<(Subscriber Subscriber, Terms Terms)>();
        var wanted = new List<WantedCounter>();
        foreach (var entitlement in found)
        {
            var known = state.Subscribers.Find(entitlement.SubscriptionId) is not null;
            var subscriber = state.Subscribers.Ensure(entitlement.SubscriptionId);
            var terms = state.Prepare(entitlement);
            var newborn = !known && !first && now - entitlement.Anchor < Newborn;
            // Counters that nodes share are Redis's: here counts only what this node spends of its leases.
            var missing = newborn || !terms.Active || state.Shared is not null ? [] : CounterSeeds.Missing(subscriber, terms, now.UtcTicks);
            if (missing.Count == 0)
                subscriber.Terms = terms;
            else
            {
                wanted.AddRange(missing);
                waiting.Add((subscriber, terms));
            }
        }
        if (waiting.Count == 0)
            return;
        if (!first)
            await shipping.ShipNowAsync(cancellation).ConfigureAwait(false);
        await database.AsWorkerAsync(session => seeds.FillAsync(session, wanted), cancellation).ConfigureAwait(false);
        foreach (var (subscriber, terms) in waiting)
            subscriber.Terms = terms;
    }
}
