using Tollgate.Admission.Limits;
using Tollgate.Plans;

namespace Tollgate.Admission.Leases;

/// <summary>
/// This node's part of one shared allowance: so much may be used here in one window. The path reads words; only the one round that is under way for the
/// meter writes them.
/// </summary>
internal sealed class WindowLease(Window window)
{
    private readonly int _bits = WindowWord.BaseBits(window);

    // Each with the window's ordinal, as the counters' own words: what belongs to another window counts as nothing.
    private ulong _granted;
    private ulong _left;
    private ulong _askAhead;
    private long _answeredAt;

    public Window Window { get; } = window;

    /// <summary>What the shared counter last said of the running window, for the rebuilding of one that was lost.</summary>
    public Known? Known { get; private set; }

    /// <summary>The least that was told to be held since Redis last answered: a question whose answer was lost may have been heard.</summary>
    public long LeastTold { get; set; } = long.MaxValue;

    /// <summary>How much to ask for; grows while leases are used up quickly.</summary>
    public long Size { get; set; } = 1;

    public long AskedAt { get; set; }

    /// <summary>The limit that the lease was given under.</summary>
    public long Limit { get; set; }

    /// <summary>What was used when idleness was last looked for.</summary>
    public long SeenUsed { get; set; }

    public long Granted(uint ordinal) => Of(ref _granted, ordinal);

    /// <summary>What Redis had left for all when it last answered.</summary>
    public long Left(uint ordinal) => Of(ref _left, ordinal);

    /// <summary>True when it is time to ask for more, before there is nothing left to spend.</summary>
    public bool RunsLow(uint ordinal, long used)
    {
        var word = Volatile.Read(ref _askAhead);
        return WindowWord.Ordinal(_bits, word) == ordinal && used >= Amount(word);
    }

    /// <summary>Redis has recently said that there is less than this: no reason to ask again for the moment.</summary>
    public bool IsKnownToLack(uint ordinal, long missing, long now)
    {
        // First when, then what: what is read is of that answer or a later one.
        var answeredAt = Volatile.Read(ref _answeredAt);
        return missing > Left(ordinal) && WindowWord.Ordinal(_bits, Volatile.Read(ref _left)) == ordinal && now - answeredAt < Patience;
    }

    /// <summary>Before this node asks again whether others have given something back.</summary>
    private long Patience => Window switch
    {
        Window.Second => TimeSpan.TicksPerSecond / 10,
        Window.Minute => TimeSpan.TicksPerSecond / 4,
        _ => TimeSpan.TicksPerSecond,
    };

    public void Set(uint ordinal, long granted) => Volatile.Write(ref _granted, WindowWord.Pack(_bits, ordinal, granted));

    /// <summary>Takes in an answer: <paramref name="granted"/> in all in this window, of which <paramref name="fresh"/> is new.</summary>
    public void Answer(in Known known, uint ordinal, long granted, long fresh, long left, long now)
    {
        Known = known;
        LeastTold = long.MaxValue;
        // In this order: who finds that nothing is left for all finds the grant too.
        Set(ordinal, granted);
        Volatile.Write(ref _askAhead, fresh >= SmallestAhead ? WindowWord.Pack(_bits, ordinal, granted - fresh / 2) : 0);
        Volatile.Write(ref _left, WindowWord.Pack(_bits, ordinal, Math.Max(0, left)));
        Volatile.Write(ref _answeredAt, now);
    }

    /// <summary>Something is being given back: what Redis said before is too little.</summary>
    public void Doubt() => Volatile.Write(ref _answeredAt, 0);

    /// <summary>The window has ended.</summary>
    public void Forget() => Known = null;

    // Asking ahead for a few is a question for each.
    private const long SmallestAhead = 8;

    private long Of(ref ulong word, uint ordinal)
    {
        var seen = Volatile.Read(ref word);
        return WindowWord.Ordinal(_bits, seen) == ordinal ? Amount(seen) : 0;
    }

    private long Amount(ulong word) => (long)(word & ((1UL << _bits) - 1));
}

/// <summary>The state of a shared counter as of one answer. <paramref name="Version"/> grows with each change of the counter, whoever makes it.</summary>
internal readonly record struct Known(uint Ordinal, long EndMicros, long Version, long Given, long Granted);
