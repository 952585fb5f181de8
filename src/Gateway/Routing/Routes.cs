using Microsoft.Extensions.Logging;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Routing;

/// <summary>
/// Keeps the <see cref="RouteTable"/> in step with the database, and its copy on disk with the table. A change that cannot be read leaves the old table in force;
/// the feed comes again.
/// </summary>
internal sealed partial class Routes(IRouteSource source, IDatabase database, GatewayOptions options, TimeProvider clock, ILogger<Routes> logger, RouteDisk? disk = null) : IStoredChangeHandler
{
    private volatile RouteTable _table = RouteTable.Empty;
    private volatile bool _loaded;

    public IReadOnlyCollection<string> Topics { get; } = [IRouteSource.Topic];

    // After keys and entitlements: a new API is not served before its first key can be known.
    public int Order => 100;

    public RouteTable Table => _table;

    /// <summary>False until the first table is there: the node cannot tell an unknown API from one that it has not read yet.</summary>
    public bool Loaded => _loaded;

    public Task<FeedPlace?> RestoreAsync(CancellationToken cancellation)
    {
        if (disk?.Read() is not var (routes, place))
            return Task.FromResult<FeedPlace?>(null);
        Use(Kept([]), routes);
        _loaded = true;
        return Task.FromResult<FeedPlace?>(place);
    }

    public async Task LoadAsync(CancellationToken cancellation)
    {
        var routes = await database.AsWorkerAsync(session => source.LoadAsync(session, apiIds: null), cancellation).ConfigureAwait(false);
        Use(Kept([]), routes);
        _loaded = true;
        disk?.Rewrite(routes);
    }

    public async Task ApplyAsync(IReadOnlyList<Change> changes, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(changes);
        var ids = changes.Where(change => change.Topic == IRouteSource.Topic).Select(change => change.Id).Distinct().ToArray();
        if (ids.Length == 0)
            return;
        var routes = await database.AsWorkerAsync(session => source.LoadAsync(session, ids), cancellation).ConfigureAwait(false);
        Use(Kept(_table.Apis.Where(api => !ids.Contains(api.Route.ApiId))), routes);
        disk?.Keep(routes, ids.Except(routes.Select(route => route.ApiId)));
    }

    public void Reached(FeedPlace place)
    {
        if (disk?.Reached(place) == true)
        {
            disk.Rewrite(_table.Apis.Select(api => api.Route));
            disk.Reached(place);
        }
    }

    private static Dictionary<Guid, ServedApi> Kept(IEnumerable<ServedApi> apis) => apis.ToDictionary(api => api.Route.ApiId);

    private void Use(Dictionary<Guid, ServedApi> kept, IReadOnlyList<ApiRoute> changed)
    {
        var served = _table.Apis.ToDictionary(api => api.Route.ApiId);
        foreach (var route in changed)
        {
            var before = served.GetValueOrDefault(route.ApiId);
            kept[route.ApiId] = new ServedApi(route, new Balancer(route.Upstreams, before?.Upstreams, clock), before?.InFlight ?? new InFlight(), options.IdleTimeout);
        }
        // A slug that was freed and taken again within one batch: the later id wins.
        _table = new RouteTable([.. kept.Values.OrderByDescending(api => api.Route.ApiId).DistinctBy(api => api.Name)]);
        LogSwapped(logger, _table.Apis.Count, changed.Count);
    }

    [LoggerMessage(1, LogLevel.Debug, "Route table swapped: {Count} APIs, {Changed} read")]
    private static partial void LogSwapped(ILogger logger, int count, int changed);
}
