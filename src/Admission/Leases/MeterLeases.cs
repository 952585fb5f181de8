using System.Collections.Immutable;
using Tollgate.Admission.Limits;
using Tollgate.Plans;

namespace Tollgate.Admission.Leases;

/// <summary>One line of a question to the shared counter: what this node holds of a window, and what it needs or would like on top.</summary>
internal readonly record struct WindowAsk(WindowLease Lease, Frame Frame, long Limit, long Held, long Used, long Need, long Want);

/// <summary>
/// The leases of one meter of one subscription. Rounds to Redis go one at a time; a call that finds nothing left waits, without a thread, for the end
/// of the next round.
/// </summary>
internal sealed class MeterLeases(Subscriber subscriber, byte meter, int cellNumber, SharedLimits shared) : IThreadPoolWorkItem
{
    // Moves the total and nothing that is told from it (its low 47 bits): the swap of a call that has seen a lease which is being given up fails.
    private const long Nudge = 1L << 48;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private ImmutableArray<WindowLease> _windows = [];
    private TaskCompletionSource<bool> _round = NewRound();
    private long _need;
    private int _asking;
    private int _givesUp;

    public Subscriber Subscriber { get; } = subscriber;

    /// <summary>Held while an answer is taken in, and while it is told what this node knows. Never on the path.</summary>
    public Lock Telling { get; } = new();

    public byte Meter { get; } = meter;

    public ImmutableArray<WindowLease> Windows => _windows;

    public WindowLease? Find(Window window)
    {
        foreach (var lease in _windows)
            if (lease.Window == window)
                return lease;
        return null;
    }

    /// <summary>For the one writer of terms.</summary>
    public void Ensure(Window window)
    {
        if (Find(window) is null)
            _windows = _windows.Add(new WindowLease(window));
    }

    /// <summary>From the path, when a lease runs low: starts a round if none is under way. No lock, no allocation, no wait.</summary>
    public void Ask()
    {
        if (Volatile.Read(ref _asking) == 0 && !shared.Pausing && Interlocked.CompareExchange(ref _asking, 1, 0) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>For a call that has nothing left here: true after a round, false when none was possible.</summary>
    public async ValueTask<bool> WaitAsync(long need)
    {
        if (shared.Pausing)
            return false;
        var round = Volatile.Read(ref _round);
        for (var seen = Volatile.Read(ref _need); seen < need;)
            seen = Interlocked.CompareExchange(ref _need, need, seen) is var found && found == seen ? need : found;
        Ask();
        try
        {
            return await round.Task.WaitAsync(Longest).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Gives up what is not needed any more, in a round of its own.</summary>
    public void GiveUp()
    {
        Volatile.Write(ref _givesUp, 1);
        Ask();
    }

    public void Execute() => _ = RoundAsync();

    private ref MeterCell Cell => ref Subscriber.All.Cell(cellNumber);

    private async Task RoundAsync()
    {
        var answered = false;
        try
        {
            answered = await shared.Round(this).ConfigureAwait(false);
        }
        finally
        {
            // In this order: who waits for the round that begins here finds that none is under way, and starts it.
            Volatile.Write(ref _asking, 0);
            Interlocked.Exchange(ref _round, NewRound()).SetResult(answered);
        }
    }

    /// <summary>Inside a round: what it is for.</summary>
    public (long Need, bool GivesUp) Begin() => (Interlocked.Exchange(ref _need, 0), Interlocked.Exchange(ref _givesUp, 0) != 0);

    /// <summary>Inside a round: what to say and to ask.</summary>
    public List<WindowAsk> Prepare(long now, long need, bool givesUp)
    {
        var asks = new List<WindowAsk>();
        if (!Subscriber.TryTerms(out var terms))
            return asks;
        foreach (var term in terms.Allowances)
            if (term.Meter == Meter && terms.LeaseOf(term) is { } lease)
                Add(asks, term, lease, terms.FrameAt(term, now), need, givesUp);
        return asks;
    }

    /// <summary>What a lease has in hand, for the one who looks for idle ones.</summary>
    public (long Used, long Granted) InHand(in Terms terms, in AllowanceTerm term, long now)
    {
        var ordinal = terms.FrameAt(term, now).Ordinal;
        return (Used(term, ordinal), terms.LeaseOf(term)!.Granted(ordinal));
    }

    private void Add(List<WindowAsk> asks, in AllowanceTerm term, WindowLease lease, Frame frame, long need, bool givesUp)
    {
        var used = Used(term, frame.Ordinal);
        var granted = lease.Granted(frame.Ordinal);
        if (givesUp && granted > used)
            granted = Lower(term, lease, frame.Ordinal);
        // Amounts that were only known afterwards may have gone past the lease: they are told as taken.
        used = Used(term, frame.Ordinal);
        var held = Math.Max(granted, used);
        // Another call may have found more than one lease spent: what is in hand by now need not be asked for.
        var missing = need > 0 ? Math.Max(0, need - (held - used)) : 0;
        var low = missing > 0 || lease.RunsLow(frame.Ordinal, used);
        var told = lease.Known is { } known && known.Ordinal == frame.Ordinal ? known.Granted : 0;
        if (low || held != told)
        {
            lease.LeastTold = Math.Min(lease.LeastTold, held);
            asks.Add(new WindowAsk(lease, frame, term.Limit, held, used, missing, low && !givesUp ? lease.Size : 0));
        }
    }

    /// <summary>
    /// Lowers the lease to what is used. A call that had looked before takes nothing any more once the total has been moved; what it took before
    /// that shows in the total, and is kept.
    /// </summary>
    private long Lower(in AllowanceTerm term, WindowLease lease, uint ordinal)
    {
        var used = Used(term, ordinal);
        // A call that comes before Redis has heard of it waits for this round, and is not refused.
        lease.Doubt();
        lease.Set(ordinal, used);
        Interlocked.Add(ref Cell.Total, Nudge);
        var final = Used(term, ordinal);
        if (final > used)
            lease.Set(ordinal, final);
        return Math.Max(used, final);
    }

    private long Used(in AllowanceTerm term, uint ordinal)
    {
        ref var cell = ref Cell;
        var word = Volatile.Read(ref Subscriber.All.Word(ref cell, term.Window));
        var total = Volatile.Read(ref cell.Total);
        return WindowWord.Ordinal(term.Bits, word) == ordinal ? Math.Max(0, WindowWord.Used(term.Bits, total, word)) : 0;
    }

    private static TaskCompletionSource<bool> NewRound() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
