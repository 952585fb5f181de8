using Tollgate.Admission.Limits;

namespace Tollgate.Admission.Leases;

/// <summary>What makes a node share its limits: Redis's clock, and who is called when a meter needs a lease.</summary>
internal sealed class SharedLimits(TimeProvider clock, SlotOptions? options = null)
{
    // A server that did not answer is not asked again by every call.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private bool _began;
    private long _failedAt = long.MinValue;
    private long _answeredAt = clock.GetTimestamp();

    public SharedClock Clock { get; } = new(clock);

    public SlotLease NewSlots(Subscriber subscriber) => new(subscriber, options ?? new SlotOptions(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5)), clock);

    /// <summary>One round for a meter of a subscription. False when nobody could be asked.</summary>
    public Func<MeterLeases, Task<bool>> Round { get; set; } = static _ => Task.FromResult(false);

    /// <summary>Where places of calls in flight come from; null until the node has begun.</summary>
    public SlotRounds? Slots { get; set; }

    /// <summary>Redis has answered once, or was given up waiting for: the node may begin to serve.</summary>
    public bool Began { get => Volatile.Read(ref _began); set => Volatile.Write(ref _began, value); }

    public bool Pausing => Volatile.Read(ref _failedAt) is var failed && failed != long.MinValue && clock.GetElapsedTime(failed) < Pause;

    public void Failed() => Volatile.Write(ref _failedAt, clock.GetTimestamp());

    /// <summary>Since Redis last answered, or since the start.</summary>
    public TimeSpan Silence => clock.GetElapsedTime(Volatile.Read(ref _answeredAt));

    public void Answered()
    {
        Volatile.Write(ref _failedAt, long.MinValue);
        Volatile.Write(ref _answeredAt, clock.GetTimestamp());
    }
}
