using System.Collections.Concurrent;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>A pool for each upstream's origin. One that has no connection left is forgotten, and made again when it is asked for.</summary>
internal sealed class Http1Pools : IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Http1Pool> _byOrigin = new(StringComparer.Ordinal);
    private readonly UpstreamDialer _dialer;
    private readonly ITimer _sweeper;

    public Http1Pools(UpstreamDialer dialer, TimeProvider clock)
    {
        _dialer = dialer;
        _sweeper = clock.CreateTimer(_ => Sweep(), state: null, SweepInterval, SweepInterval);
    }

    public Http1Pool Of(Uri upstream, string origin) => _byOrigin.TryGetValue(origin, out var pool)
        ? pool
        : _byOrigin.GetOrAdd(origin, new Http1Pool(upstream.IdnHost, upstream.Port, upstream.IsDefaultPort ? HostOf(upstream) : $"{HostOf(upstream)}:{upstream.Port}", _dialer));

    public void Dispose()
    {
        _sweeper.Dispose();
        foreach (var pool in _byOrigin.Values)
            pool.Close();
    }

    private static string HostOf(Uri upstream) => upstream.HostNameType == UriHostNameType.IPv6 ? upstream.Host : upstream.IdnHost;

    private void Sweep()
    {
        foreach (var (origin, pool) in _byOrigin)
            // A call that still holds the pool returns its connection to it; it is then closed by the garbage collector's finalizer at the latest.
            if (pool.Sweep() == 0 && _byOrigin.TryRemove(KeyValuePair.Create(origin, pool)))
                pool.Close();
    }
}
