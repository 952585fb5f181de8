using Tollgate.Admission.Limits;

namespace Tollgate.Admission.Leases;

/// <summary>What Redis answered: so many more places, and so many that are left for all. Lapsed: what was told to be held is held no more.</summary>
internal readonly record struct SlotAnswer(bool Lapsed, int Grant, long Left);

/// <summary>
/// This node's part of how many calls of one subscription may be in flight at once. A call takes a place with one increment. Places are held by a lease that is renewed while calls run;
/// a call whose lease may have lapsed is ended before anybody else can have its place. docs/decisions/0032-in-flight-leases.md has the argument.
/// </summary>
#pragma warning disable CA1001 // A semaphore whose wait handle nobody asks for has nothing to dispose of.
internal sealed class SlotLease(Subscriber subscriber, SlotOptions options, TimeProvider clock)
#pragma warning restore CA1001
{
    /// <summary>So long a call waits for a place that another node may hold idle.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);

    /// <summary>So long it waits for an answer at all, as for a meter's. The question goes on alone.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _turn = new(1);
    private int _granted;
    private int _peak;
    private int _waiting;
    private int _life;
    private int _size;
    private int _limit;
    private bool _full;
    private long _until;
    private long _askedAt;
    private long _lackSince = long.MinValue;

    public Subscriber Subscriber { get; } = subscriber;

    /// <summary>Places that this node holds, used or not.</summary>
    public int Granted => Volatile.Read(ref _granted);

    /// <summary>A place for one more call, and the life of the lease that it belongs to. Refused: there is none for anybody. Else Redis has to be asked.</summary>
    public bool TryEnter(int limit, out int life, out bool refused)
    {
        life = Volatile.Read(ref _life);
        var inFlight = Subscriber.Enter();
        // The order matters: who lowers the grant looks at the calls afterwards. One of the two sees the other.
        if (inFlight <= limit && inFlight <= Granted && !RunsOut)
        {
            if (inFlight > Volatile.Read(ref _peak))
                Volatile.Write(ref _peak, inFlight);
            refused = false;
            return true;
        }
        Subscriber.Leave();
        refused = inFlight > limit || IsKnownToLack;
        return false;
    }

    /// <summary>False when the place of a call may soon be another node's, or already is: the call must end.</summary>
    public bool Holds(int life) => Volatile.Read(ref _life) == life && !RunsOut;

    /// <summary>For a call that has found no place: true after a question, false when nobody could be asked.</summary>
    public async ValueTask<bool> WaitAsync(SlotRounds rounds)
    {
        if (Volatile.Read(ref _lackSince) != long.MinValue)
            await Task.Delay(AskAgain, clock).ConfigureAwait(false);
        Interlocked.Increment(ref _waiting);
        try
        {
            return await AskAsync(rounds, clock.GetTimestamp(), int.MaxValue, Longest).WaitAsync(Longest, clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Renews, and gives back what is idle. False when there is nothing to look after any more.</summary>
    public async Task<bool> LookAsync(SlotRounds rounds, bool everySecond)
    {
        var inFlight = Subscriber.InFlight;
        var peak = everySecond ? Math.Max(inFlight, Interlocked.Exchange(ref _peak, 0)) : int.MaxValue;
        if (Granted == 0 && inFlight == 0)
            return false;
        // Others may need what is idle at this moment; where there is enough for all, what was used within a second is kept.
        var keeps = Volatile.Read(ref _full) ? inFlight : peak;
        if (Granted > keeps || _limit != Limit || clock.GetElapsedTime(Volatile.Read(ref _askedAt)) > options.Lease / 3)
            await AskAsync(rounds, long.MaxValue, keeps, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        return true;
    }

    public Task GiveBackAsync(SlotRounds rounds) => AskAsync(rounds, long.MaxValue, 0, Timeout.InfiniteTimeSpan);

    private bool RunsOut => clock.GetTimestamp() >= Volatile.Read(ref _until) - Ticks(options.Margin);

    private int Limit => Subscriber.TryTerms(out var terms) ? terms.Plan.Concurrency : 0;

    private bool IsKnownToLack => Volatile.Read(ref _lackSince) is var since && since != long.MinValue && clock.GetElapsedTime(since) > Patience
        && clock.GetElapsedTime(Volatile.Read(ref _askedAt)) < Fresh;

    // One question at a time. Whoever waited while one was asked after they came has their answer.
    private async Task<bool> AskAsync(SlotRounds rounds, long since, int keeps, TimeSpan longest)
    {
        if (!await _turn.WaitAsync(longest).ConfigureAwait(false))
            return false;
        try
        {
            if (Volatile.Read(ref _askedAt) > since)
                return true;
            var askedAt = clock.GetTimestamp();
            if (askedAt >= Volatile.Read(ref _until))
                Lapse();
            Lower(keeps);
            var held = Granted;
            var limit = Limit;
            var need = Math.Max(0, Volatile.Read(ref _waiting) - Math.Max(0, held - Subscriber.InFlight));
            _size = need > 0 ? Math.Min(limit, Math.Max(1, _size * 2)) : Math.Max(1, _size / 2);
            if (await rounds.AskAsync(this, held, need, need > 0 ? _size : 0, limit).ConfigureAwait(false) is not { } answer)
                return false;
            _limit = limit;
            TakeIn(answer, held, need, askedAt);
            // Only now: who finds that there is nothing to look after looks at the grant last.
            if (Granted > 0)
                rounds.Open(this);
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    private void TakeIn(in SlotAnswer answer, int held, int need, long askedAt)
    {
        Volatile.Write(ref _askedAt, askedAt);
        if (answer.Lapsed)
        {
            Lapse();
            return;
        }
        Volatile.Write(ref _until, askedAt + Ticks(options.Lease));
        Interlocked.Exchange(ref _granted, held + answer.Grant);
        Volatile.Write(ref _full, answer.Left <= 0);
        if (answer.Grant > 0 || (need == 0 && answer.Left > 0))
            Volatile.Write(ref _lackSince, long.MinValue);
        else if (need > 0 && (Volatile.Read(ref _lackSince) is var since && since == long.MinValue || clock.GetElapsedTime(since) > 8 * Patience))
            Volatile.Write(ref _lackSince, askedAt);
    }

    // What it held may be others' by now: its calls have been ended, or are as soon as they are looked at.
    private void Lapse()
    {
        Interlocked.Exchange(ref _granted, 0);
        Interlocked.Increment(ref _life);
    }

    // A call that had looked before sees the lower grant, or is seen here.
    private void Lower(int keeps)
    {
        var before = Granted;
        if (before <= keeps)
            return;
        Interlocked.Exchange(ref _granted, keeps);
        if (Subscriber.InFlight is var inFlight && inFlight > keeps)
            Interlocked.Exchange(ref _granted, Math.Min(before, inFlight));
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);
}
