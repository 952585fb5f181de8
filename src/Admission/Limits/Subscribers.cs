using System.Collections.Concurrent;
using Tollgate.Admission.Leases;
using Tollgate.Admission.Table;
using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>
/// All subscriptions of the node in flat arrays, by slot: no object for a subscription. Terms change by writing a row that nobody reads yet and swapping one word; who reads copies
/// the row and looks whether the word is still the same. Readers never wait, those who write take turns.
/// </summary>
internal sealed class Subscribers
{
    private readonly Chunks<SubscriberEntry> _entries = new();
    private readonly Chunks<TermsRow> _rows = new();
    private readonly SparseChunks<long> _ends = new();
    private readonly SparseChunks<ulong> _years = new();
    private readonly Stack<int> _freeRows = new();
    private readonly CellStore _cells = new();
    private readonly PlanTable _plans = new();
    private readonly ConcurrentDictionary<int, SpentUp> _spentUp = new();
    private readonly ConcurrentDictionary<int, SlotLease> _slots = new();
    private readonly Lock _writer = new();
    private readonly IdIndex _index;
    private volatile MeterLeases[]?[] _leases = [];
    private uint _settings;

    public Subscribers() => _index = new IdIndex(slot => _entries[slot].Id);

    public int Count => _entries.Count;

    public Subscriber At(int slot) => new(this, slot);

    public Subscriber? Find(Guid id) => _index.Find(id) is var slot && slot >= 0 ? new Subscriber(this, slot) : null;

    public IEnumerable<Guid> Ids() => Enumerable.Range(0, Count).Select(slot => _entries[slot].Id);

    /// <summary>The subscription's place, made when it is new.</summary>
    public Subscriber Ensure(Guid id)
    {
        lock (_writer)
        {
            var slot = _index.Find(id);
            if (slot < 0)
            {
                slot = _entries.Add(new SubscriberEntry { Id = id });
                _index.Add(slot);
            }
            return new Subscriber(this, slot);
        }
    }

    /// <summary>
    /// Terms and counters of this subscription are about to be read. As it was loaded, its row and first cell have the number of its slot; so all three are fetched at once,
    /// where each would else be waited for before the next is known. Elsewhere after a change, it is a look in vain.
    /// </summary>
    public void Expect(int slot)
    {
        _entries.Expect(slot);
        _rows.Expect(slot);
        _cells.Expect(slot);
    }

    public ref SubscriberEntry Entry(int slot) => ref _entries[slot];

    public ref TermsRow Row(int row) => ref _rows[row];

    /// <summary>The running year of a row whose billing period is one, see <see cref="AnchoredFrame"/>.</summary>
    public ref ulong Year(int row) => ref _years[row];

    public bool TryTerms(int slot, out Terms terms)
    {
        ref var entry = ref _entries[slot];
        while (true)
        {
            var word = Volatile.Read(ref entry.Row);
            if (word == 0)
            {
                terms = default;
                return false;
            }
            var place = RowOf(word);
            ref var row = ref _rows[place];
            // The number before the table: a table that knows it is then read.
            var plan = _plans[Volatile.Read(ref row.Plan)];
            terms = new Terms(this, slot, plan!, entry.Id, row, place, ValidUntil(ref row, place));
            // What was copied is whole when the row was still this subscription's after it.
            Volatile.ReadBarrier();
            if (Volatile.Read(ref entry.Row) == word)
                return true;
        }
    }

    public void Put(int slot, in Terms terms)
    {
        lock (_writer)
        {
            ref var entry = ref _entries[slot];
            var before = entry.Row;
            var plan = _plans.Use(terms.Plan);
            if (before != 0 && terms.Equals(_rows[RowOf(before)], plan, ValidUntil(ref _rows[RowOf(before)], RowOf(before))))
            {
                _plans.Release(plan);
                return;
            }
            var place = _freeRows.TryPop(out var free) ? free : _rows.Add(default);
            Write(terms, place, plan);
            Volatile.Write(ref entry.Row, ((ulong)++_settings << 32) | (uint)(place + 1));
            Retire(before);
        }
    }

    public void End(int slot)
    {
        lock (_writer)
        {
            ref var entry = ref _entries[slot];
            var before = entry.Row;
            Volatile.Write(ref entry.Row, 0);
            Retire(before);
        }
    }

    /// <summary>What many have in common, once.</summary>
    public PlanTerms Share(Entitlement entitlement, Func<PlanTerms> make)
    {
        lock (_writer)
            return _plans.Share(new PlanKey(entitlement), make);
    }

    public ref MeterCell Cell(int number) => ref _cells[number];

    public int FindCell(int slot, byte meter) => _cells.Find(ref _entries[slot].Cells, meter);

    public int EnsureCell(int slot, byte meter)
    {
        lock (_writer)
            return _cells.Ensure(ref _entries[slot].Cells, meter);
    }

    /// <summary>The word of a window in a cell that has one for it.</summary>
    public ref ulong Word(ref MeterCell cell, Window window) => ref _cells.Word(ref cell, window);

    public void EnsureWord(int cell, Window window)
    {
        lock (_writer)
            _cells.EnsureWord(ref _cells[cell], window);
    }

    public SpentUp? SpentUpOf(int slot) => _spentUp.TryGetValue(slot, out var spent) ? spent : null;

    public void SetSpentUp(int slot, SpentUp? spent)
    {
        if (spent is null)
            _spentUp.TryRemove(slot, out _);
        else
            _spentUp[slot] = spent;
    }

    public MeterLeases[] LeasesOf(int slot) => _leases is var all && slot < all.Length ? Volatile.Read(ref all[slot]) ?? [] : [];

    public MeterLeases EnsureLeases(int slot, byte meter, SharedLimits shared)
    {
        lock (_writer)
        {
            var subscriber = new Subscriber(this, slot);
            if (subscriber.TryLeases(meter, out var known))
                return known;
            if (slot >= _leases.Length)
            {
                var larger = new MeterLeases[]?[Math.Max(64, Math.Max(slot + 1, _leases.Length * 2))];
                _leases.CopyTo(larger, 0);
                _leases = larger;
            }
            var leases = new MeterLeases(subscriber, meter, subscriber.EnsureCell(meter), shared);
            Volatile.Write(ref _leases[slot], [.. LeasesOf(slot), leases]);
            return leases;
        }
    }

    public SlotLease? SlotsOf(int slot) => _slots.TryGetValue(slot, out var slots) ? slots : null;

    public void EnsureSlots(int slot, SharedLimits shared) => _slots.GetOrAdd(slot, static (place, own) => own.shared.NewSlots(new Subscriber(own.All, place)), (All: this, shared));

    public IEnumerable<MeterLeases> Leases()
    {
        var all = _leases;
        for (var slot = 0; slot < all.Length; slot++)
            foreach (var leases in LeasesOf(slot))
                yield return leases;
    }

    // Into a row that no entry points to. First of all its frames are emptied: a slow reader of what stood here keeps none in this one.
    private void Write(in Terms terms, int place, int plan)
    {
        ref var row = ref _rows[place];
        var tag = (ushort)((row.Tag + 1) % AnchoredFrame.Tags);
        Interlocked.Exchange(ref row.Month, AnchoredFrame.Empty(tag));
        if (terms.Plan.Interval == PriceInterval.Year)
            Interlocked.Exchange(ref _years.Ensure(place), AnchoredFrame.Empty(tag));
        var validity = ValidityOf(terms);
        if (validity == Validity.UntilItsEnd)
            _ends.Ensure(place) = terms.ValidUntil;
        (row.Tag, row.OrganizationId, row.Anchor) = (tag, terms.OrganizationId, terms.Anchor);
        // Who sees that there is an end finds its place: also who reads this row too late, and throws away what it read.
        Volatile.Write(ref row.Validity, (byte)validity);
        Volatile.Write(ref row.Plan, plan);
    }

    private long ValidUntil(ref TermsRow row, int place) => (Validity)Volatile.Read(ref row.Validity) switch
    {
        Validity.NotActive => long.MinValue,
        Validity.WithoutEnd => long.MaxValue,
        _ => Volatile.Read(ref _ends[place]),
    };

    private static Validity ValidityOf(in Terms terms) => terms.ValidUntil switch
    {
        long.MinValue => Validity.NotActive,
        long.MaxValue => Validity.WithoutEnd,
        _ => Validity.UntilItsEnd,
    };

    private static int RowOf(ulong word) => (int)(uint)word - 1;

    private void Retire(ulong word)
    {
        if (word == 0)
            return;
        _plans.Release(_rows[RowOf(word)].Plan);
        _freeRows.Push(RowOf(word));
    }
}
