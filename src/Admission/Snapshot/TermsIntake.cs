using Tollgate.Admission.Deciding;
using Tollgate.Admission.Limits;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>Why terms come in.</summary>
internal enum IntakeReason
{
    /// <summary>The node's first load: it admits nothing yet, and its base on disk is being written.</summary>
    FirstLoad,

    /// <summary>All again, while a new base is being written.</summary>
    Reload,

    Change,
}

/// <summary>
/// Puts terms in force, with counters for their windows and after they are on disk. What needs no look into the log is in force at once (an ended
/// subscription must not wait), the rest when its counters are built.
/// </summary>
internal sealed class TermsIntake(
    NodeState state, IDatabase database, IUsageShipping shipping, CounterSeeds seeds, SnapshotDisk disk, CounterCheckpoint counters, TimeProvider clock)
{
    // A subscription that this node has never heard of and that is younger than this has nothing in the log.
    private static readonly TimeSpan Newborn = TimeSpan.FromMinutes(5);

    private sealed record Incoming(Entitlement Entitlement, Subscriber Subscriber, Terms Terms, bool IsKnown);

    public async Task TakeInAsync(IReadOnlyList<Entitlement> found, IntakeReason reason, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var ready = new List<Incoming>();
        var waiting = new List<Incoming>();
        var wanted = new List<WantedCounter>();
        foreach (var entitlement in found)
        {
            var isKnown = state.Subscribers.Find(entitlement.SubscriptionId) is not null;
            var incoming = new Incoming(entitlement, state.Subscribers.Ensure(entitlement.SubscriptionId), state.Prepare(entitlement), isKnown);
            var newborn = !isKnown && reason != IntakeReason.FirstLoad && now - entitlement.Anchor < Newborn;
            var missing = newborn || !entitlement.Active ? [] : CounterSeeds.Missing(incoming.Terms, now.UtcTicks);
            // Counters that nodes share are Redis's: here counts only what this node spends of its leases, and what others report.
            if (state.Shared is not null)
                missing.RemoveAll(counter => !Meter.IsDeclared(counter.Term.Meter));
            wanted.AddRange(missing);
            (missing.Count == 0 ? ready : waiting).Add(incoming);
        }
        PutInForce(ready, reason);
        if (waiting.Count == 0)
            return;
        if (reason != IntakeReason.FirstLoad)
            await shipping.ShipNowAsync(cancellation).ConfigureAwait(false);
        var seeded = await database.AsWorkerAsync(session => seeds.FillAsync(session, wanted), cancellation).ConfigureAwait(false);
        counters.Seed(seeded, keep: reason != IntakeReason.FirstLoad);
        PutInForce(waiting, reason);
    }

    private void PutInForce(List<Incoming> all, IntakeReason reason)
    {
        // In a reload those that are known are on disk as they were, and will be in the new base.
        if (reason != IntakeReason.FirstLoad)
            disk.Keep(all.Where(one => reason == IntakeReason.Change || !one.IsKnown).Select(one => one.Entitlement), inNewBase: reason == IntakeReason.Reload);
        foreach (var one in all)
            one.Subscriber.Put(one.Terms);
    }
}
