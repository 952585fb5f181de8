using System.Runtime;

namespace Tollgate.Host.Startup;

/// <summary>After the start, when most of what the program runs is compiled, and now and then: memory that is free, or only a copy of a file, goes back.</summary>
internal sealed class MemoryTrims(TimeProvider clock) : BackgroundService
{
    // What compiling reads comes back soon after a start; the C library's memory is walked with its lock held, so less often.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);
    private const int RoundsToTrim = 4;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            var round = 0;
            do
            {
                if (round % RoundsToTrim == 0)
                    NativeHeap.Trim();
                // What the start made and left lies in the oldest generation, which is seldom looked at by itself. Only where that is done beside the calls: without concurrent collection it would stop them.
                if (round is 1 or RoundsToTrim && GCSettings.LatencyMode == GCLatencyMode.Interactive)
                    GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
                round++;
                LoadedCode.Release();
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }
}
