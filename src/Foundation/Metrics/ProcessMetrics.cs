using System.Diagnostics;
using System.Reflection;

namespace Tollgate.Foundation.Metrics;

/// <summary>The process and its runtime, under the names that dashboards know.</summary>
internal sealed class ProcessMetrics : IMetricSource
{
    private static readonly string Version =
        typeof(ProcessMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public void WriteTo(MetricPage page)
    {
        page.Gauges("tollgate_build_info", "1; the labels tell what runs.");
        page.Add(1, ("version", Version), ("runtime", Environment.Version.ToString()));
        using var process = Process.GetCurrentProcess();
        page.Counter("process_cpu_seconds", "Processor time, user and system.", process.TotalProcessorTime.TotalSeconds);
        page.Gauge("process_resident_memory_bytes", "Resident memory.", process.WorkingSet64);
        page.Gauge("process_start_time_seconds", "Start of the process since the epoch.", (process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds);
        page.Gauge("process_threads", "Threads of the process.", process.Threads.Count);
        if (Directory.Exists("/proc/self/fd"))
            page.Gauge("process_open_fds", "Open file descriptors.", Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
        WriteRuntime(page);
    }

    private static void WriteRuntime(MetricPage page)
    {
        page.Gauge("dotnet_gc_heap_bytes", "Managed memory in use.", GC.GetTotalMemory(forceFullCollection: false));
        page.Counter("dotnet_gc_allocated_bytes", "Managed memory allocated over the life of the process.", GC.GetTotalAllocatedBytes());
        page.Counter("dotnet_gc_pause_seconds", "Time that the collector has stopped the process.", GC.GetTotalPauseDuration().TotalSeconds);
        page.Counters("dotnet_gc_collections", "Garbage collections of this generation or an older one.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            page.Add(GC.CollectionCount(generation), ("generation", $"{generation}"));
        page.Gauge("dotnet_thread_pool_threads", "Threads of the pool.", ThreadPool.ThreadCount);
        page.Gauge("dotnet_thread_pool_queue_items", "Work that waits for a thread of the pool.", ThreadPool.PendingWorkItemCount);
        page.Counter("dotnet_lock_contentions", "Times that a thread waited for a lock.", Monitor.LockContentionCount);
    }
}
