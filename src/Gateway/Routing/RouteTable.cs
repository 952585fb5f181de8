using System.Collections.Frozen;

namespace Tollgate.Gateway.Routing;

/// <summary>All that this node serves: immutable, swapped whole. Found by the API's own host name, or by the first two segments of the path.</summary>
internal sealed class RouteTable
{
    private readonly FrozenDictionary<string, ServedApi>.AlternateLookup<ReadOnlySpan<char>> _byPath;
    private readonly FrozenDictionary<string, ServedApi>.AlternateLookup<ReadOnlySpan<char>> _byHost;
    private readonly FrozenSet<Guid> _ids;
    private readonly bool _hasHosts;

    public RouteTable(IReadOnlyCollection<ServedApi> apis)
    {
        Apis = apis;
        _ids = apis.Select(api => api.Route.ApiId).ToFrozenSet();
        _byPath = ByPath(apis).ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        var hosts = apis.Where(api => api.Route.HostName is { Length: > 0 }).DistinctBy(api => api.Route.HostName, StringComparer.OrdinalIgnoreCase).ToArray();
        _byHost = hosts.ToFrozenDictionary(api => api.Route.HostName!, StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
        _hasHosts = hosts.Length > 0;
    }

    public static RouteTable Empty { get; } = new([]);

    public IReadOnlyCollection<ServedApi> Apis { get; }

    public bool Serves(Guid apiId) => _ids.Contains(apiId);

    /// <param name="host">The Host header, with or without a port.</param>
    /// <param name="path">Starts with a slash.</param>
    /// <param name="api">The API that is called.</param>
    /// <param name="consumed">Length of the part of the path that named the API; what follows is the upstream's.</param>
    public bool TryFind(ReadOnlySpan<char> host, ReadOnlySpan<char> path, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ServedApi? api, out int consumed)
    {
        consumed = 0;
        if (_hasHosts && _byHost.TryGetValue(WithoutPort(host), out api))
            return true;
        var first = path.Length > 1 ? path[1..].IndexOf('/') : -1;
        if (first <= 0)
        {
            api = null;
            return false;
        }
        var rest = path[(first + 2)..];
        var second = rest.IndexOf('/');
        consumed = second < 0 ? path.Length : first + 2 + second;
        return _byPath.TryGetValue(path[1..consumed], out api);
    }

    // Names that an organization gave up still lead to its APIs, after those that are somebody's today.
    private static Dictionary<string, ServedApi> ByPath(IReadOnlyCollection<ServedApi> apis)
    {
        var names = apis.ToDictionary(api => api.Name, StringComparer.Ordinal);
        foreach (var api in apis)
            foreach (var slug in api.Route.FormerSlugs)
                names.TryAdd($"{slug}/{api.Route.ApiSlug}", api);
        return names;
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') && colon >= 0 ? host[..colon] : host;
    }
}
