using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;

namespace Tollgate.Gateway.Answers;

/// <summary>
/// What the data plane tells about itself (meter <c>Tollgate</c>); no label by subscription. Calls without a known key are counted here by API and
/// reason, with a bounded sample of the latest ones, and make no row anywhere.
/// </summary>
internal sealed class GatewayMetrics : IDisposable
{
    private const int SampleSize = 256;

    private readonly System.Diagnostics.Metrics.Meter _meter = new("Tollgate");
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _refusals;
    private readonly UnknownCall?[] _sample = new UnknownCall?[SampleSize];
    private int _sampled = -1;
    private long _inFlight;

    public GatewayMetrics()
    {
        _requests = _meter.CreateCounter<long>("tollgate.gateway.requests", "{request}", "Answers of the gateway");
        _duration = _meter.CreateHistogram("tollgate.gateway.request.duration", "s", "Arrival to end of answer", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] });
        _refusals = _meter.CreateCounter<long>("tollgate.gateway.refusals", "{request}", "Calls that the gateway refused");
        _meter.CreateObservableUpDownCounter("tollgate.gateway.in_flight", () => Volatile.Read(ref _inFlight), "{request}", "Calls being served");
    }

    /// <summary>The latest calls without a known key, in no order.</summary>
    public IEnumerable<UnknownCall> Sample => _sample.OfType<UnknownCall>();

    public void Started() => Interlocked.Increment(ref _inFlight);

    public void Ended(string api, int status, double seconds)
    {
        Interlocked.Decrement(ref _inFlight);
        var tags = new TagList { { "api", api }, { "status", Class(status) } };
        _requests.Add(1, tags);
        _duration.Record(seconds, tags);
    }

    public void Refused(string api, string code) => _refusals.Add(1, new TagList { { "api", api }, { "reason", code } });

    public void UnknownKey(string api, string code, DateTimeOffset at, IPAddress? client)
    {
        Refused(api, code);
        var slot = Interlocked.Increment(ref _sampled) & (SampleSize - 1);
        Volatile.Write(ref _sample[slot], new UnknownCall(at, api, code, client));
    }

    public void Dispose() => _meter.Dispose();

    private static string Class(int status) => (status / 100) switch
    {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
}

/// <summary>A call that no subscription can be named for.</summary>
internal sealed record UnknownCall(DateTimeOffset At, string Api, string Code, IPAddress? Client);
