using Tollgate.Admission.Leases;

namespace Tollgate.Admission.Limits;

/// <summary>
/// One subscription on this node: its terms, swapped whole, and its cells, which are only ever added. Lives as long as the process, so a slot means the
/// same subscription for good.
/// </summary>
internal sealed class Subscriber(Guid id, int slot)
{
    private Terms? _terms;
    private (byte Meter, CellPlace Place)[] _cells = [];
    private MeterLeases[] _leases = [];

    private int _inFlight;
    private SpentUp? _spentUp;

    public Guid Id { get; } = id;

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>The period and meters in which a call would cost more than the consumer wants to spend; null while there is none.</summary>
    public SpentUp? SpentUp
    {
        get => Volatile.Read(ref _spentUp);
        set => Volatile.Write(ref _spentUp, value);
    }

    /// <summary>One more call in flight, or false.</summary>
    public bool TryEnter(int most)
    {
        if (Interlocked.Increment(ref _inFlight) <= most)
            return true;
        Interlocked.Decrement(ref _inFlight);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _inFlight);

    public int Slot { get; } = slot;

    public Terms? Terms
    {
        get => Volatile.Read(ref _terms);
        set => Volatile.Write(ref _terms, value);
    }

    public bool TryCell(byte meter, out CellPlace place)
    {
        foreach (var cell in Volatile.Read(ref _cells))
        {
            if (cell.Meter == meter)
            {
                place = cell.Place;
                return true;
            }
        }
        place = default;
        return false;
    }

    public MeterLeases? LeasesOf(byte meter)
    {
        foreach (var leases in Volatile.Read(ref _leases))
            if (leases.Meter == meter)
                return leases;
        return null;
    }

    public IReadOnlyList<MeterLeases> Leases => Volatile.Read(ref _leases);

    /// <summary>For the one writer.</summary>
    public MeterLeases EnsureLeases(byte meter, CellPlace place, SharedLimits shared)
    {
        if (LeasesOf(meter) is { } known)
            return known;
        var leases = new MeterLeases(this, meter, place, shared);
        Volatile.Write(ref _leases, [.. _leases, leases]);
        return leases;
    }

    /// <summary>For the one writer.</summary>
    public CellPlace CellOf(byte meter, CellStore store)
    {
        if (TryCell(meter, out var place))
            return place;
        place = store.Allocate();
        Volatile.Write(ref _cells, [.. _cells, (meter, place)]);
        return place;
    }
}

/// <param name="Meters">A bit for each code.</param>
internal sealed record SpentUp(long PeriodStartSeconds, uint Meters);

/// <summary>All subscriptions by slot. One writer; readers index an array that is swapped when it grows.</summary>
internal sealed class Subscribers
{
    private readonly Dictionary<Guid, int> _slots = [];
    private readonly Lock _writer = new();
    private volatile Subscriber[] _all = new Subscriber[64];

    public Subscriber At(int slot) => Volatile.Read(ref _all[slot]);

    /// <summary>Off the path: for the writer, and for pages that show live usage.</summary>
    public Subscriber? Find(Guid id)
    {
        lock (_writer)
            return _slots.TryGetValue(id, out var slot) ? _all[slot] : null;
    }

    public IReadOnlyList<Guid> Ids()
    {
        lock (_writer)
            return [.. _slots.Keys];
    }

    public IEnumerable<MeterLeases> Leases()
    {
        var all = _all;
        for (var slot = 0; slot < all.Length && Volatile.Read(ref all[slot]) is { } subscriber; slot++)
            foreach (var leases in subscriber.Leases)
                yield return leases;
    }

    /// <summary>For the one writer: the subscription's place, made when it is new.</summary>
    public Subscriber Ensure(Guid id)
    {
        lock (_writer)
        {
            if (_slots.TryGetValue(id, out var known))
                return _all[known];
            var slot = _slots.Count;
            if (slot == _all.Length)
            {
                var larger = new Subscriber[slot * 2];
                _all.CopyTo(larger, 0);
                _all = larger;
            }
            var subscriber = new Subscriber(id, slot);
            Volatile.Write(ref _all[slot], subscriber);
            _slots.Add(id, slot);
            return subscriber;
        }
    }
}
