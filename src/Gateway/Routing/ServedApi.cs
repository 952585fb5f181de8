using System.Text;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.Signing;
using Tollgate.Gateway.Upstreams;
using Yarp.ReverseProxy.Forwarder;

namespace Tollgate.Gateway.Routing;

/// <summary>An API as the path needs it: its row with everything computed that does not change from call to call.</summary>
internal sealed class ServedApi
{
    public ServedApi(ApiRoute route, Balancer upstreams, InFlight inFlight, TimeSpan idleTimeout)
    {
        Route = route;
        Upstreams = upstreams;
        InFlight = inFlight;
        Name = $"{route.OrganizationSlug}/{route.ApiSlug}";
        Operations = new OperationTree(route.Operations);
        Signer = new UpstreamSigner(route.SigningSecret);
        SecretNames = [.. route.UpstreamHeaders.Select(header => header.Key)];
        SecretFields = Encoding.Latin1.GetBytes(string.Concat(route.UpstreamHeaders.Select(header => $"{header.Key}: {header.Value}\r\n")));
        // The forwarder's time-out is between two signs of life; the one until the headers is the call's own.
        Patience = idleTimeout > route.Timeout ? idleTimeout : route.Timeout * 2;
        ForwarderConfig = new ForwarderRequestConfig { ActivityTimeout = Patience };
    }

    public ApiRoute Route { get; }

    public Balancer Upstreams { get; }

    /// <summary>Shared by all versions of the API, so that an edit does not forget the calls in flight.</summary>
    public InFlight InFlight { get; }

    /// <summary><c>organization/api</c>: the label of metrics.</summary>
    public string Name { get; }

    /// <summary>Where its calls are counted, once there was one.</summary>
    public ApiFigures? Figures { get; set; }

    public OperationTree Operations { get; }

    public UpstreamSigner Signer { get; }

    /// <summary>Fields that the provider sets; the client's own of these names are replaced.</summary>
    public IReadOnlyCollection<string> SecretNames { get; }

    /// <summary>The same as they stand in a request's head. Their values were judged when they were saved: no line breaks.</summary>
    public ReadOnlyMemory<byte> SecretFields { get; }

    /// <summary>A stream on which neither side sends for so long is ended.</summary>
    public TimeSpan Patience { get; }

    public ForwarderRequestConfig ForwarderConfig { get; }
}

/// <summary>Counts calls in flight up to a bound.</summary>
internal sealed class InFlight
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool TryEnter(int bound)
    {
        if (Interlocked.Increment(ref _count) <= bound)
            return true;
        Interlocked.Decrement(ref _count);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _count);
}
