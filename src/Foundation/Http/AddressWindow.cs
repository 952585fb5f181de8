using System.Threading.RateLimiting;

namespace Tollgate.Foundation;

/// <summary>
/// So many permits within a window that slides by sixths. Retry-After of a refusal is when the oldest sixth that took any gives its permits back:
/// the library's sliding window does not say it, and an hour may pass until then. Who comes by then finds a permit, unless others of the address took them first.
/// </summary>
public sealed class AddressWindow(int permits, TimeSpan window, TimeProvider clock) : RateLimiter
{
    private const int Segments = 6;

    private readonly TimeSpan _segment = window / Segments;
    private readonly long _start = clock.GetTimestamp();
    private readonly int[] _taken = new int[Segments];
    private readonly Lock _gate = new();
    private long _current;
    private int _out;
    private TimeSpan _idleSince;

    /// <summary>Without permits that are out it is as good as a new one, and is dropped when it has been so for ten seconds: an address leaves nothing behind.</summary>
    public override TimeSpan? IdleDuration
    {
        get
        {
            lock (_gate)
            {
                var now = Slide();
                return _out > 0 ? null : now - _idleSince;
            }
        }
    }

    public override RateLimiterStatistics? GetStatistics() => null;

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        lock (_gate)
        {
            var now = Slide();
            if (_out + Math.Max(1, permitCount) > permits)
                return new Lease(Opens() - now);
            _taken[_current % Segments] += permitCount;
            _out += permitCount;
            _idleSince = _segment * (_current + Segments);
            return Lease.Acquired;
        }
    }

    /// <summary>Nobody waits in line: what is not had at once is refused.</summary>
    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) => new(AttemptAcquireCore(permitCount));

    /// <summary>Gives back what a whole window has gone over; the time since the start.</summary>
    private TimeSpan Slide()
    {
        var now = clock.GetElapsedTime(_start);
        var current = now.Ticks / _segment.Ticks;
        for (var next = Math.Max(_current + 1, current - Segments + 1); next <= current; next++)
        {
            _out -= _taken[next % Segments];
            _taken[next % Segments] = 0;
        }
        _current = Math.Max(_current, current);
        return now;
    }

    private TimeSpan Opens()
    {
        var oldest = Math.Max(0, _current - Segments + 1);
        while (oldest < _current && _taken[oldest % Segments] == 0)
            oldest++;
        return _segment * (oldest + Segments);
    }

    private sealed class Lease(TimeSpan? opens) : RateLimitLease
    {
        public static readonly Lease Acquired = new(null);

        public override bool IsAcquired => opens is null;

        public override IEnumerable<string> MetadataNames => opens is null ? [] : [MetadataName.RetryAfter.Name];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = metadataName == MetadataName.RetryAfter.Name ? opens : null;
            return metadata is not null;
        }
    }
}
