using Tollgate.Gateway.Routing;

namespace Tollgate.Gateway.Upstreams;

/// <summary>How this node sees the targets of all APIs that it serves, for metrics.</summary>
internal sealed class UpstreamHealth(Routes routes)
{
    /// <summary>The API as <c>organization/api</c>, and the target by its place in the API's list: its address is its provider's secret.</summary>
    public IEnumerable<(string Api, int Target, bool Healthy)> All() =>
        routes.Table.Apis.SelectMany(api => api.Upstreams.Targets, (api, target) => (api.Name, target.Index, target.IsUp));
}
