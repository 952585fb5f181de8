using System.Net;
using System.Threading.RateLimiting;
using Tollgate.Foundation;
using Tollgate.Gateway.Listener;

namespace Tollgate.Gateway.Answers;

/// <summary>Calls of the built-in API without a key, over both ports of this process.</summary>
internal sealed class HelloLimit(GatewayOptions options, TimeProvider clock) : AddressLimit(options.HelloPerMinute, clock);

/// <summary>Calls without a key that is known, to any API.</summary>
internal sealed class UnknownKeyLimit(GatewayOptions options, TimeProvider clock) : AddressLimit(options.UnknownKeysPerMinute, clock);

/// <summary>So many calls a minute by client address (an IPv6 client by its /64).</summary>
internal abstract class AddressLimit(int perMinute, TimeProvider clock) : IDisposable
{
    private readonly PartitionedRateLimiter<UInt128> _limiter = PartitionedRateLimiter.Create<UInt128, UInt128>(address =>
        RateLimitPartition.Get(address, _ => new AddressWindow(perMinute, TimeSpan.FromMinutes(1), clock)));

    public int PerMinute { get; } = perMinute;

    public bool TryTake(IPAddress? address, out int retryAfterSeconds)
    {
        using var lease = _limiter.AttemptAcquire(ClientNetwork.Of(address));
        retryAfterSeconds = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)) : 0;
        return lease.IsAcquired;
    }

    public void Dispose() => _limiter.Dispose();
}
