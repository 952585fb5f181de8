using Tollgate.Foundation;

namespace Tollgate.Metering.Partitions;

internal sealed class PartitionMetrics(WatchDefaultPartition watch) : IMetricSource
{
    public void WriteTo(MetricPage page) =>
        page.Gauge("tollgate_usage_default_partition_rows", "Request log rows outside every month, counted to 10,000, as this node last looked.", watch.Rows);
}
