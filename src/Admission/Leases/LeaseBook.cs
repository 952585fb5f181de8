using System.Collections.Concurrent;

namespace Tollgate.Admission.Leases;

/// <summary>The meters that have something in hand.</summary>
internal sealed class LeaseBook
{
    private readonly ConcurrentDictionary<MeterLeases, bool> _open = new();

    public void Add(MeterLeases leases) => _open.TryAdd(leases, true);

    public IEnumerable<MeterLeases> Open => _open.Keys;

    public int Count => _open.Count;

    /// <summary>Once a second: what was not used since goes back, and so does what is far more than is being used, or was given under another limit.</summary>
    public void Look(long now)
    {
        foreach (var leases in Open)
            if (!IsBusy(leases, now))
                _open.TryRemove(leases, out _);
    }

    private static bool IsBusy(MeterLeases leases, long now)
    {
        var busy = false;
        var givesUp = false;
        if (!leases.Subscriber.TryTerms(out var terms))
            return false;
        foreach (var term in terms.Allowances)
        {
            if (term.Meter != leases.Meter || terms.LeaseOf(term) is not { } lease)
                continue;
            var (used, granted) = leases.InHand(terms, term, now);
            var fresh = used >= lease.SeenUsed ? used - lease.SeenUsed : used;
            lease.SeenUsed = used;
            busy |= fresh > 0 || granted != used;
            givesUp |= granted > used && (granted - used > 8 * fresh || lease.Limit != term.Limit);
            if (used > granted)
                leases.Ask();
        }
        if (givesUp)
            leases.GiveUp();
        return busy;
    }
}
