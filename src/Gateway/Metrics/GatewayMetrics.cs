using System.Collections.Concurrent;
using System.Net;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Routing;

namespace Tollgate.Gateway.Metrics;

/// <summary>
/// Where the data plane counts; no label by subscription. An API gets its figures with its first call, as long as there is room (<c>Metrics__Apis</c>); those that come
/// later share <c>other</c>. Calls without a known key are counted here by API and reason, with a bounded sample of the latest ones, and make no row anywhere.
/// </summary>
internal sealed class GatewayMetrics(GatewayOptions options, TimeProvider clock)
{
    private const int SampleSize = 256;

    // A scraper that looks each minute has seen the last figures by then, and so have the alerts that look back.
    private static readonly TimeSpan KeptAfterTheEnd = TimeSpan.FromMinutes(15);

    private readonly ConcurrentDictionary<string, ApiFigures> _apis = new(StringComparer.Ordinal);
    private readonly UnknownCall?[] _sample = new UnknownCall?[SampleSize];
    private readonly Lock _gate = new();
    private int _sampled = -1;

    /// <summary>Calls of no API that is served.</summary>
    public ApiFigures None { get; } = new("-");

    public ApiFigures Health { get; } = new("health");

    public ApiFigures BuiltIn { get; } = new("built-in");

    /// <summary>The APIs that have no place of their own.</summary>
    public ApiFigures Other { get; } = new("other");

    /// <summary>The latest calls without a known key, in no order.</summary>
    public IEnumerable<UnknownCall> Sample => _sample.OfType<UnknownCall>();

    /// <summary>Whether the API has a place of its own.</summary>
    public bool Names(string api) => _apis.ContainsKey(api);

    public ApiFigures Of(ServedApi api) => api.Figures ?? Attach(api);

    public void UnknownKey(Call call, Problem problem)
    {
        call.Figures.Refused(problem);
        var slot = Interlocked.Increment(ref _sampled) & (SampleSize - 1);
        Volatile.Write(ref _sample[slot], new UnknownCall(DateTimeOffset.UnixEpoch.AddMicroseconds(call.StartMicros), call.ApiName, problem.Code, call.Client));
    }

    /// <summary>All figures that are shown. APIs that have not been served for a while lose their place, to those that had none.</summary>
    public IReadOnlyCollection<ApiFigures> Show(RouteTable table)
    {
        lock (_gate)
        {
            var served = table.Apis.Select(api => api.Name).ToHashSet(StringComparer.Ordinal);
            var now = clock.GetTimestamp();
            foreach (var figures in _apis.Values)
            {
                figures.GoneAt = served.Contains(figures.Name) ? null : figures.GoneAt ?? now;
                if (figures.GoneAt is { } gone && clock.GetElapsedTime(gone, now) > KeptAfterTheEnd)
                    _apis.TryRemove(figures.Name, out _);
            }
            if (_apis.Count < options.MetricApis)
                foreach (var api in table.Apis.Where(api => api.Figures == Other))
                    api.Figures = null;
            return [None, Health, BuiltIn, .. _apis.Values, Other];
        }
    }

    private ApiFigures Attach(ServedApi api)
    {
        lock (_gate)
        {
            if (!_apis.TryGetValue(api.Name, out var figures))
                figures = _apis.Count < options.MetricApis ? _apis[api.Name] = new ApiFigures(api.Name) : Other;
            return api.Figures = figures;
        }
    }
}

/// <summary>A call that no subscription can be named for.</summary>
internal sealed record UnknownCall(DateTimeOffset At, string Api, string Code, IPAddress? Client);
