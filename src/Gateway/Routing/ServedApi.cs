using Tollgate.Gateway.Apis;
using Yarp.ReverseProxy.Forwarder;

namespace Tollgate.Gateway.Routing;

/// <summary>An API as the path needs it: its row with everything computed that does not change from call to call.</summary>
internal sealed class ServedApi
{
    public ServedApi(ApiRoute route, InFlight inFlight, TimeSpan idleTimeout)
    {
        Route = route;
        InFlight = inFlight;
        Name = $"{route.OrganizationSlug}/{route.ApiSlug}";
        Origin = route.Upstream.GetLeftPart(UriPartial.Authority);
        BasePath = route.Upstream.AbsolutePath.TrimEnd('/');
        Operations = new OperationTree(route.Operations);
        // The forwarder's time-out is between two signs of life; the one until the headers is the call's own.
        ForwarderConfig = new ForwarderRequestConfig { ActivityTimeout = idleTimeout > route.Timeout ? idleTimeout : route.Timeout * 2 };
    }

    public ApiRoute Route { get; }

    /// <summary>Shared by all versions of the API, so that an edit does not forget the calls in flight.</summary>
    public InFlight InFlight { get; }

    /// <summary><c>organization/api</c>: the label of metrics.</summary>
    public string Name { get; }

    public string Origin { get; }

    public string BasePath { get; }

    public OperationTree Operations { get; }

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
