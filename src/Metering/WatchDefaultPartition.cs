using Microsoft.Extensions.Logging;
using Tollgate.Foundation;

namespace Tollgate.Metering;

/// <summary>Recurring, hourly: events in the default partition mean that a month was not made in time. Nothing is lost; the next run of the partition job moves them.</summary>
public sealed partial class WatchDefaultPartition(IDatabase database, ILogger<WatchDefaultPartition> logger) : IRecurringJob
{
    /// <summary>As the last run on this node saw it.</summary>
    internal long Rows => Volatile.Read(ref _rows);

    private long _rows;

    public async Task RunAsync(CancellationToken cancellation)
    {
        var rows = await database.AsWorkerAsync(session => session.QuerySingleAsync<long>("SELECT metering.default_partition_rows()"), cancellation).ConfigureAwait(false);
        Volatile.Write(ref _rows, rows);
        if (rows > 0)
            LogWaiting(logger, rows);
    }

    [LoggerMessage(3113, LogLevel.Error, "{Rows} usage events are in the default partition of the request log: their months have no partition.")]
    private static partial void LogWaiting(ILogger logger, long rows);
}
