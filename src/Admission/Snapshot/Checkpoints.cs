using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;
using Tollgate.Foundation;

namespace Tollgate.Admission.Snapshot;

/// <summary>Every few seconds, and at the end when all calls are done: counters and snapshot go to disk. Also tells the node when its snapshot is too old.</summary>
internal sealed partial class Checkpoints(
    NodeState state, CounterCheckpoint counters, SnapshotDisk disk, AdmissionSnapshot snapshot, IChangeFeed feed, CheckpointOptions options, TimeProvider clock,
    ILogger<Checkpoints> logger) : BackgroundService
{
    private static readonly TimeSpan TidyInterval = TimeSpan.FromMinutes(1);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // What was taken from disk may be too old from the first call on.
        state.TooOld = feed.TooStale;
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        Write();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Interval, clock);
        var tidied = clock.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                state.TooOld = feed.TooStale;
                Write();
                if (clock.GetElapsedTime(tidied) < TidyInterval)
                    continue;
                await TidyAsync(stoppingToken).ConfigureAwait(false);
                tidied = clock.GetTimestamp();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends; StopAsync writes what is left.
        }
    }

    private void Write()
    {
        try
        {
            counters.Write();
            disk.Flush();
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception);
        }
    }

    private async Task TidyAsync(CancellationToken cancellation)
    {
        try
        {
            await snapshot.TidyAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            LogFailed(logger, exception);
        }
    }

    [LoggerMessage(405, LogLevel.Error, "A checkpoint could not be written; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
