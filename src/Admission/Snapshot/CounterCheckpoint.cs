using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Limits;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>
/// Keeps the counters of the journal beside those of the limiter, writes them down, and after a restart makes the limiter's of them. Where nodes share limits, Redis has the
/// counters of calls: one node's would be too little. What others report is in neither Redis nor a journal, so it is kept here in any case.
/// </summary>
internal sealed partial class CounterCheckpoint(NodeState state, IJournalReplay journal, CounterFile file, ILogger<CounterCheckpoint> logger)
{
    private readonly Lock _gate = new();
    private JournalCounters _counters = new(state);
    private readonly bool _countsCalls = state.Shared is null;
    private State _state;
    private long _keptAt = -1;

    private enum State
    {
        /// <summary>Nothing says yet what was used before.</summary>
        Unknown,
        Following,

        /// <summary>The journal has lost a part that was not counted: what is on disk is removed, and the next start asks PostgreSQL.</summary>
        Broken,
    }

    /// <summary>Fills the limiter's counters from disk and journal, before any call. False: they must be built from PostgreSQL.</summary>
    public bool Restore()
    {
        lock (_gate)
        {
            file.RemoveOther();
            if (!file.Read(state, _counters, journal.JournalId) || (_countsCalls && !_counters.Follow(journal)))
            {
                file.Remove();
                _counters = new JournalCounters(state);
                return false;
            }
            for (var number = 0; number < _counters.Cells; number++)
                Restore(number);
            _state = State.Following;
            LogRestored(logger, _counters.Cells, _counters.Offset);
            return true;
        }
    }

    /// <summary>Takes in what the log knows of windows that are about to be counted. On disk before they are in force, when asked to keep it.</summary>
    public void Seed(SeededCounters seeds, bool keep)
    {
        lock (_gate)
        {
            if (_state == State.Unknown)
                (_counters.Offset, _state) = (Math.Min(seeds.ShippedTo, Tail), State.Following);
            if (!Follow())
                return;
            if (After(seeds) is not { } after)
            {
                Break();
                return;
            }
            foreach (var (wanted, used) in seeds.Counters)
            {
                var (slot, meter, window) = (wanted.Subscriber.Slot, wanted.Term.Meter, wanted.Term.Window);
                var all = used + after.GetValueOrDefault((slot, meter, window));
                if (all > 0 || _counters.Has(slot, meter))
                    _counters.Set(slot, meter, window, wanted.Frame.Ordinal, all);
            }
            if (keep)
                Keep();
        }
    }

    /// <summary>What others have reported: no journal knows of it, so it is on disk when this returns.</summary>
    public void Reported(IEnumerable<(Terms Terms, AllowanceTerm Term, uint Ordinal, long Used)> counters)
    {
        lock (_gate)
        {
            if (!Follow())
                return;
            foreach (var (terms, term, ordinal, used) in counters)
                _counters.Set(terms.Subscriber.Slot, term.Meter, term.Window, ordinal, used);
            Keep();
        }
    }

    /// <summary>The first load is done: from here on the journal tells what is used.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            file.RemoveOther();
            if (_state == State.Unknown)
                (_counters.Offset, _state) = (Tail, State.Following);
            if (Follow())
                Keep();
        }
    }

    /// <summary>Counts what the journal has got since, and writes it down.</summary>
    public void Write()
    {
        lock (_gate)
        {
            if (_state == State.Following && Follow() && (_counters.Changed.Count > 0 || _counters.Offset != _keptAt))
                Keep();
        }
        file.Flush();
    }

    // Nothing of the journal is counted where calls are not.
    private long Tail => _countsCalls ? journal.Tail : 0;

    private bool Follow()
    {
        if (_state == State.Following && _countsCalls && !_counters.Follow(journal))
            Break();
        return _state == State.Following;
    }

    private void Keep()
    {
        file.Keep(state, _counters, journal.JournalId);
        _keptAt = _counters.Offset;
    }

    private void Break()
    {
        _state = State.Broken;
        _counters = new JournalCounters(state);
        file.Remove();
        LogBroken(logger, journal.JournalId);
    }

    // What was finished between the log's figures and the place where the counters stand. Null: the journal does not hold it any more.
    private Dictionary<(int Slot, byte Meter, Window Window), long>? After(SeededCounters seeds)
    {
        var amounts = new Dictionary<(int, byte, Window), long>();
        if (seeds.ShippedTo >= _counters.Offset)
            return amounts;
        var wanted = seeds.Counters.ToLookup(pair => pair.Wanted.Subscriber.Id, pair => pair.Wanted);
        var end = _counters.Offset;
        var held = journal.Replay(seeds.ShippedTo, (in FinishedUsage usage) =>
        {
            if (usage.Offset >= end)
                return;
            var start = DateTime.UnixEpoch.Ticks + usage.StartMicros * TimeSpan.TicksPerMicrosecond;
            foreach (var counter in wanted[usage.SubscriptionId])
                foreach (var pair in usage.Amounts)
                    if (pair.Meter == counter.Term.Meter && counter.Terms.OrdinalAt(counter.Term, start) == counter.Frame.Ordinal)
                    {
                        var key = (counter.Subscriber.Slot, counter.Term.Meter, counter.Term.Window);
                        amounts[key] = amounts.GetValueOrDefault(key) + Math.Max(0, pair.Amount);
                    }
        });
        return held is null ? null : amounts;
    }

    private void Restore(int counted)
    {
        ref var known = ref _counters.At(counted);
        var number = state.Subscribers.EnsureCell(known.Slot, known.Meter);
        ref var cell = ref state.Subscribers.Cell(number);
        long total = 0;
        foreach (var window in JournalCounters.Windows)
            total = Math.Max(total, _counters.Of(counted, window).Used);
        cell.Total = total;
        foreach (var window in JournalCounters.Windows)
        {
            var (ordinal, used) = _counters.Of(counted, window);
            if (ordinal == 0)
                continue;
            state.Subscribers.EnsureWord(number, window);
            var bits = WindowWord.BaseBits(window);
            state.Subscribers.Word(ref cell, window) = WindowWord.Pack(bits, ordinal, total - WindowWord.Held(bits, used));
        }
    }

    [LoggerMessage(403, LogLevel.Information, "{Cells} counters were taken from disk and the journal, up to {Offset}")]
    private static partial void LogRestored(ILogger logger, int cells, long offset);

    [LoggerMessage(404, LogLevel.Error, "Journal {Journal} does not hold all that must be counted; the next start builds the counters from PostgreSQL")]
    private static partial void LogBroken(ILogger logger, Guid journal);
}
