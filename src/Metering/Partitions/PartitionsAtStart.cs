using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tollgate.Metering.Partitions;

/// <summary>A program that was off for months must not wait for the daily job. Without partitions events go to the default one, so a failure stops nothing.</summary>
internal sealed partial class PartitionsAtStart(EnsureRequestLogPartitions partitions, WatchDefaultPartition watch, ILogger<PartitionsAtStart> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await partitions.RunAsync(stoppingToken).ConfigureAwait(false);
            await watch.RunAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            LogFailed(logger, exception);
        }
    }

    [LoggerMessage(3114, LogLevel.Warning, "The partitions of the request log could not be made at the start; the daily job tries again.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
