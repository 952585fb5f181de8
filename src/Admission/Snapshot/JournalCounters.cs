using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Table;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>What was used in a window; ordinal 0: nothing is known of it.</summary>
internal struct CountedWindow
{
    public uint Ordinal;
    public long Used;

    public readonly void Deconstruct(out uint ordinal, out long used) => (ordinal, used) = (Ordinal, Used);
}

/// <summary>Two windows, inline: hardly a plan has more for a meter.</summary>
[InlineArray(2)]
internal struct CountedWindows
{
    private CountedWindow _first;
}

/// <summary>One meter of one subscription, 40 bytes. Each key that is called has one.</summary>
internal struct CountedCell
{
    public int Slot;
    public byte Meter;
    public bool IsChanged;

    /// <summary>Which windows are inline, plus one each; 0: none yet.</summary>
    public byte First;
    public byte Second;
    public CountedWindows Inline;
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

    // Windows beside the two that a cell holds.
    private readonly Dictionary<(int Number, Window Window), CountedWindow> _further = [];

    // By the number of the limiter's cell, the number here plus one; 0 = nothing counted yet.
    private readonly Chunks<int> _numbers = new();
    private readonly List<int> _changed = [];
    private readonly FinishedUsageVisitor _count;

    public JournalCounters(NodeState state)
    {
        _state = state;
        _count = Count;
    }

    public static ReadOnlySpan<Window> Windows => [Window.Second, Window.Minute, Window.Hour, Window.Day, Window.Week, Window.Month, Window.BillingPeriod];

    /// <summary>All that was finished before it is counted.</summary>
    public long Offset { get; set; }

    public int Cells => _counted.Count;

    /// <summary>Numbers of the cells that changed since <see cref="Settled"/>.</summary>
    public IReadOnlyList<int> Changed => _changed;

    public ref CountedCell At(int number) => ref _counted[number];

    /// <summary>Of a cell's window; nothing when it has never been counted.</summary>
    public CountedWindow Of(int number, Window window)
    {
        ref var cell = ref At(number);
        return cell.First == (byte)window + 1 ? cell.Inline[0]
            : cell.Second == (byte)window + 1 ? cell.Inline[1]
            : _further.GetValueOrDefault((number, window));
    }

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
        WindowOf(CellOf(slot, meter), window) = new CountedWindow { Ordinal = ordinal, Used = used };
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
        var number = CellOf(subscriber.Slot, meter);
        var counted = 0;
        foreach (ref readonly var term in allowances)
        {
            if (term.Meter != meter || (counted & (1 << (int)term.Window)) != 0)
                continue;
            counted |= 1 << (int)term.Window;
            Add(ref WindowOf(number, term.Window), terms.OrdinalAt(term, start), amount);
        }
        // A window that the plan has no more may come back while it runs; as in the limiter, it goes on counting.
        foreach (var window in Windows)
            if ((counted & (1 << (int)window)) == 0 && Of(number, window).Ordinal != 0)
                WindowOf(number, window).Used += amount;
    }

    // What began in a window that has ended counts for nothing that still runs.
    private static void Add(ref CountedWindow window, uint ordinal, long amount)
    {
        if (ordinal < window.Ordinal)
            return;
        if (ordinal > window.Ordinal)
            (window.Ordinal, window.Used) = (ordinal, 0);
        window.Used += amount;
    }

    private ref CountedWindow WindowOf(int number, Window window)
    {
        ref var cell = ref At(number);
        var name = (byte)((byte)window + 1);
        if (cell.First == 0)
            cell.First = name;
        if (cell.First == name)
            return ref cell.Inline[0];
        if (cell.Second == 0)
            cell.Second = name;
        if (cell.Second == name)
            return ref cell.Inline[1];
        return ref CollectionsMarshal.GetValueRefOrAddDefault(_further, (number, window), out _);
    }

    private int CellOf(int slot, byte meter)
    {
        var place = _state.Subscribers.EnsureCell(slot, meter);
        while (_numbers.Count <= place)
            _numbers.Add(0);
        ref var number = ref _numbers[place];
        if (number == 0)
            number = _counted.Add(new CountedCell { Slot = slot, Meter = meter }) + 1;
        ref var cell = ref At(number - 1);
        if (!cell.IsChanged)
        {
            cell.IsChanged = true;
            _changed.Add(number - 1);
        }
        return number - 1;
    }
}
