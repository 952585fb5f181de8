using Tollgate.Admission.Deciding;
using Tollgate.Foundation;

namespace Tollgate.Admission.Nodes;

internal sealed class AdmissionMetrics(NodeState state) : IMetricSource
{
    public void WriteTo(MetricPage page)
    {
        page.Gauge("tollgate_admission_ready", "1 when this node may decide on calls.", state.Ready ? 1 : 0);
        page.Gauge("tollgate_admission_keys", "Keys that this node knows, revoked ones included.", state.Keys.Count);
        page.Gauge("tollgate_admission_nodes", "Nodes that admit calls, as this one last knew.", state.LiveNodes);
    }
}
