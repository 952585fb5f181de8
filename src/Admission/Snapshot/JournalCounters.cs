using System.Runtime.CompilerServices;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Table;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>What was used of one meter of one subscription, by window: the window's ordinal (0: never used) and the amount.</summary>
internal struct CountedCell
{
    public const int Windows = 7;

    public int Slot;
    public byte Meter;
    public bool IsChanged;
    public CountedOrdinals Ordinals;
    public CountedAmounts Used;
}

[InlineArray(CountedCell.Windows)]
internal struct CountedOrdinals
{
    private uint _first;
}

[InlineArray(CountedCell.Windows)]
internal struct CountedAmounts
{
    private long _first;
}

/// <summary>
/// The counters as the journal tells them, beside the live ones of the limiter: those also hold calls in flight, so no reading of them belongs to an offset.
/// These are, at offset X, exactly what was finished before X; with what was finished from X on they are the counters after a restart.
/// An event counts in the window of its start. Not safe for several threads.
/// </summary>
internal sealed class JournalCounters
{
    private readonly NodeState _state;
    private readonly Chunks<CountedCell> _counted = new();

    // By the number of the limiter's cell, the number here plus one; 0 = nothing counted yet.
    private readonly Chunks<int> _numbers = new();
    private readonly List<int> _changed = [];
    private readonly FinishedUsageVisitor _count;

    public JournalCounters(NodeState state)
    {
        _state = state;
        _count = Count;
    }

    /// <summary>All that was finished before it is counted.</summary>
    public long Offset { get; set; }

    public int Cells => _counted.Count;

    /// <summary>Numbers of the cells that changed since <see cref="Settled"/>.</summary>
    public IReadOnlyList<int> Changed => _changed;

    public ref CountedCell At(int number) => ref _counted[number];

    public void Settled()
    {
        foreach (var number in _changed)
            At(number).IsChanged = false;
        _changed.Clear();
    }

    /// <summary>Counts up to the journal's tail. False when the journal does not hold all of it: these counters are then of no use.</summary>
    public bool Follow(IJournalReplay journal)
    {
        if (journal.Replay(Offset, _count) is not { } next)
            return false;
        Offset = next;
        return true;
    }

    /// <summary>Says what was used in a window up to <see cref="Offset"/>.</summary>
    public void Set(int slot, byte meter, Window window, uint ordinal, long used)
    {
        ref var cell = ref CellOf(slot, meter);
        cell.Ordinals[(int)window] = ordinal;
        cell.Used[(int)window] = used;
    }

    public bool Has(int slot, byte meter) => _state.Subscribers.FindCell(slot, meter) is var cell && cell >= 0 && cell < _numbers.Count && _numbers[cell] != 0;

    private void Count(in FinishedUsage usage)
    {
        if (_state.Subscribers.Find(usage.SubscriptionId) is not { } subscriber)
            return;
        var start = DateTime.UnixEpoch.Ticks + usage.StartMicros * TimeSpan.TicksPerMicrosecond;
        foreach (var pair in usage.Amounts)
            if (pair.Meter != 0 && pair.Amount > 0)
                Count(subscriber, pair.Meter, pair.Amount, start);
    }

    private void Count(Limits.Subscriber subscriber, byte meter, long amount, long start)
    {
        var allowances = subscriber.TryTerms(out var terms) ? terms.Allowances.AsSpan() : default;
        var limited = false;
        foreach (ref readonly var term in allowances)
            limited |= term.Meter == meter;
        if (!limited && !Has(subscriber.Slot, meter))
            return;
        ref var cell = ref CellOf(subscriber.Slot, meter);
        var counted = 0;
        foreach (ref readonly var term in allowances)
        {
            if (term.Meter != meter || (counted & (1 << (int)term.Window)) != 0)
                continue;
            counted |= 1 << (int)term.Window;
            Add(ref cell, (int)term.Window, terms.OrdinalAt(term, start), amount);
        }
        // A window that the plan has no more may come back while it runs; as in the limiter, it goes on counting.
        for (var window = 0; window < CountedCell.Windows; window++)
            if ((counted & (1 << window)) == 0 && cell.Ordinals[window] != 0)
                cell.Used[window] += amount;
    }

    // What began in a window that has ended counts for nothing that still runs.
    private static void Add(ref CountedCell cell, int window, uint ordinal, long amount)
    {
        if (ordinal < cell.Ordinals[window])
            return;
        if (ordinal > cell.Ordinals[window])
            (cell.Ordinals[window], cell.Used[window]) = (ordinal, 0);
        cell.Used[window] += amount;
    }

    private ref CountedCell CellOf(int slot, byte meter)
    {
        var place = _state.Subscribers.EnsureCell(slot, meter);
        while (_numbers.Count <= place)
            _numbers.Add(0);
        ref var number = ref _numbers[place];
        if (number == 0)
        {
            number = _counted.Add(new CountedCell { Slot = slot, Meter = meter }) + 1;
        }
        ref var cell = ref At(number - 1);
        if (!cell.IsChanged)
        {
            cell.IsChanged = true;
            _changed.Add(number - 1);
        }
        return ref cell;
    }
}
