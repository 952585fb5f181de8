using Tollgate.Admission.Limits;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>A counter that must be told what the log knows. <paramref name="Total"/> is read before the log: what is taken from then on counts on top.</summary>
internal sealed record WantedCounter(Terms Terms, AllowanceTerm Term, Frame Frame, long Total)
{
    public Subscriber Subscriber => Terms.Subscriber;
}

/// <summary>What the log knew of each, when it held this node's journal up to <paramref name="ShippedTo"/>.</summary>
internal sealed record SeededCounters(IReadOnlyList<(WantedCounter Wanted, long Used)> Counters, long ShippedTo);

/// <summary>Builds counters from the request log, with one query for all subscriptions whose windows began at the same instant.</summary>
internal sealed class CounterSeeds(IUsage usage, IJournalReplay journal)
{
    /// <summary>
    /// Windows of the new terms that this node does not count yet. Those of the terms in force are counted already; those of a plan long ago may be of
    /// this window still, then they are right as they are.
    /// </summary>
    public static List<WantedCounter> Missing(in Terms terms, long now)
    {
        var wanted = new List<WantedCounter>();
        var counted = terms.Subscriber.Terms is { IsCounted: true } before ? before.Allowances : [];
        foreach (var term in terms.Allowances)
        {
            if (Array.Exists(counted, old => old.Meter == term.Meter && old.Window == term.Window))
                continue;
            var frame = terms.FrameAt(term, now);
            ref var cell = ref terms.CellOf(term.Meter);
            if (WindowWord.Ordinal(term.Bits, Volatile.Read(ref terms.WordOf(ref cell, term.Window))) < frame.Ordinal)
                wanted.Add(new WantedCounter(terms, term, frame, Volatile.Read(ref cell.Total)));
        }
        return wanted;
    }

    public async Task<SeededCounters> FillAsync(DbSession session, IReadOnlyList<WantedCounter> wanted)
    {
        // All figures and the journal's position are of one moment.
        await session.ExecuteAsync("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").ConfigureAwait(false);
        var shippedTo = await journal.ShippedToAsync(session).ConfigureAwait(false) ?? 0;
        var seeded = new List<(WantedCounter, long)>(wanted.Count);
        foreach (var meter in wanted.GroupBy(counter => counter.Term.Name, StringComparer.Ordinal))
        {
            var name = meter.Key;
            var starts = meter.GroupBy(counter => counter.Frame.Start).ToList();
            // Months begin at as many instants as there are subscriptions: ask once who used anything at all, then only for those.
            var earliest = starts.Min(start => start.Key);
            var active = await UsedSinceAsync(session, [.. meter], name, earliest).ConfigureAwait(false);
            foreach (var start in starts)
            {
                var asked = start.Where(counter => active.ContainsKey(counter.Subscriber.Id)).ToList();
                var used = start.Key == earliest || asked.Count == 0 ? active : await UsedSinceAsync(session, asked, name, start.Key).ConfigureAwait(false);
                foreach (var counter in start)
                {
                    var amount = used.GetValueOrDefault(counter.Subscriber.Id);
                    Seed(counter, amount);
                    seeded.Add((counter, amount));
                }
            }
        }
        return new SeededCounters(seeded, shippedTo);
    }

    private Task<IReadOnlyDictionary<Guid, long>> UsedSinceAsync(DbSession session, List<WantedCounter> counters, string meter, long start) =>
        usage.SinceAsync(session, [.. counters.Select(counter => counter.Subscriber.Id).Distinct()], meter, new DateTimeOffset(start, TimeSpan.Zero));

    private static void Seed(WantedCounter counter, long used)
    {
        var term = counter.Term;
        WindowWord.Seed(ref counter.Terms.WordOf(ref counter.Terms.CellOf(term.Meter), term.Window), term.Bits, counter.Frame.Ordinal, counter.Total, used);
    }
}
