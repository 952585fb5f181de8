using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Foundation;

namespace Tollgate.Metering;

/// <summary>
/// Recurring, daily: drops the months of the request log that are older than Metering__RetentionMonths (13), unless a module still needs one.
/// The rollups stay.
/// </summary>
public sealed partial class DropOldRequestLog(
    IDatabase database, IEnumerable<IPartitionDropCheck> checks, IConfiguration configuration, TimeProvider clock, ILogger<DropOldRequestLog> logger) : IRecurringJob
{
    private const string Due = "SELECT month FROM metering.request_log_month WHERE dropped_at IS NULL AND month < @before ORDER BY month";

    public async Task RunAsync(CancellationToken cancellation)
    {
        var options = configuration.GetSection(MeteringOptions.Section).Get<MeteringOptions>() ?? new MeteringOptions();
        var now = clock.GetUtcNow();
        var before = new DateOnly(now.Year, now.Month, 1).AddMonths(-Math.Max(options.RetentionMonths, MeteringOptions.FewestMonths));
        var months = await database.AsWorkerAsync(session => session.QueryAsync<DateOnly>(Due, new { before }), cancellation).ConfigureAwait(false);
        foreach (var month in months)
        {
            try
            {
                await DropAsync(month, now, cancellation).ConfigureAwait(false);
            }
            catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                // Dropping needs the whole table for a moment (with a default partition there is no way around it). It gives up after 5 s, so that the shipper,
                // which waits behind it, is never held longer.
                LogBusy(logger, month);
            }
        }
    }

    private Task<bool> DropAsync(DateOnly month, DateTimeOffset now, CancellationToken cancellation) => database.AsWorkerAsync(async session =>
    {
        foreach (var check in checks)
            if (await check.ReasonToKeepAsync(session, month).ConfigureAwait(false) is { } reason)
            {
                LogKept(logger, month, reason);
                return false;
            }
        var dropped = await session.QuerySingleAsync<bool>("SELECT metering.drop_partition(@month, @now)", new { month, now }).ConfigureAwait(false);
        LogDropped(logger, month);
        return dropped;
    }, cancellation);

    [LoggerMessage(3111, LogLevel.Warning, "The request log of {Month:yyyy-MM} is past its retention but stays: {Reason}")]
    private static partial void LogKept(ILogger logger, DateOnly month, string reason);

    [LoggerMessage(3115, LogLevel.Warning, "The request log of {Month:yyyy-MM} could not be dropped, because it is being read; the next run tries again.")]
    private static partial void LogBusy(ILogger logger, DateOnly month);

    [LoggerMessage(3112, LogLevel.Information, "The request log of {Month:yyyy-MM} was dropped.")]
    private static partial void LogDropped(ILogger logger, DateOnly month);
}
