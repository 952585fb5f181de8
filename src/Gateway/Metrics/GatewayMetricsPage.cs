using Tollgate.Foundation;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Metrics;

/// <summary>The data plane's families at <c>/metrics</c>.</summary>
internal sealed class GatewayMetricsPage(GatewayMetrics metrics, Routes routes, UpstreamHealth upstreams, LiveCalls live, GatewayOptions options) : IMetricSource
{
    private static readonly string[] Classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];

    public void WriteTo(MetricPage page)
    {
        var table = routes.Table;
        var shown = metrics.Show(table).Select(figures => (figures.Name, Read: figures.Read(), figures.Refusals)).ToList();
        page.Counters("tollgate_gateway_requests", "Answers of the gateway's listener by API and status class.");
        foreach (var (api, read, _) in shown)
            foreach (var status in Used(read))
                page.Add(read.Count(status), ("api", api), ("status", Classes[status]));
        page.Histograms("tollgate_gateway_request_duration_seconds", "Arrival of a request to the end of its answer.");
        foreach (var (api, read, _) in shown)
            foreach (var status in Used(read))
                page.AddHistogram(ApiFigures.Bounds, read.Buckets(status), read.SumSeconds(status), ("api", api), ("status", Classes[status]));
        page.Counters("tollgate_gateway_refusals", "Answers of the gateway's own in an upstream's place, by the problem's code and reason.");
        foreach (var (api, _, refusals) in shown)
            foreach (var (code, reason, count) in refusals.OrderBy(refusal => refusal.Code, StringComparer.Ordinal))
                page.Add(count, ("api", api), ("code", code), ("reason", reason));
        page.Counters("tollgate_gateway_received_bytes", "Bytes of request bodies, counted when a call ends.");
        foreach (var (api, read, _) in shown)
            page.Add(read.BytesIn, ("api", api));
        page.Counters("tollgate_gateway_sent_bytes", "Bytes of answers' bodies, counted when a call ends.");
        foreach (var (api, read, _) in shown)
            page.Add(read.BytesOut, ("api", api));
        WriteInFlight(page, table);
        WriteUpstreams(page);
    }

    // By its place in the API's list: its address is its provider's secret.
    private void WriteUpstreams(MetricPage page)
    {
        page.Gauges("tollgate_gateway_upstream_healthy", "1 while calls go to this server of the API as they come.");
        var down = 0;
        foreach (var (api, target, healthy) in upstreams.All())
        {
            down += healthy ? 0 : 1;
            if (metrics.Names(api))
                page.Add(healthy ? 1 : 0, ("api", api), ("target", $"{target}"));
        }
        page.Gauge("tollgate_gateway_upstreams_unhealthy", "Servers of all APIs, also of those that are not shown by name, which rest or whose checks fail.", down);
    }

    private void WriteInFlight(MetricPage page, RouteTable table)
    {
        page.Gauges("tollgate_gateway_in_flight", "Admitted calls that are being served.");
        var others = 0;
        foreach (var api in table.Apis)
        {
            if (metrics.Names(api.Name))
                page.Add(api.InFlight.Count, ("api", api.Name));
            else
                others += api.InFlight.Count;
        }
        page.Add(others, ("api", metrics.Other.Name));
        page.Gauge("tollgate_gateway_in_flight_limit", "Gateway__MaxInFlight: calls past it are refused.", options.MaxInFlight);
        page.Gauge("tollgate_gateway_in_flight_limit_per_api", "Gateway__MaxInFlightPerApi.", options.MaxInFlightPerApi);
        page.Gauge("tollgate_gateway_forwarding", "Calls on their way to an upstream or back, streams included.", live.Count);
        page.Gauge("tollgate_gateway_apis", "APIs that this node serves.", table.Apis.Count);
    }

    private static IEnumerable<int> Used(ApiFigures.Snapshot read)
    {
        for (var status = 0; status < ApiFigures.Classes; status++)
            if (read.Count(status) > 0)
                yield return status;
    }
}
