using Microsoft.Extensions.Hosting;

namespace Tollgate.Admission.Leases;

/// <summary>Renews the places of calls in flight while there are such, and gives back what is idle.</summary>
internal sealed class SlotKeeper(SlotRounds rounds, SharedLimits shared, TimeProvider clock) : BackgroundService
{
    private const int EverySecond = 4;
    private const int Together = 64;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        shared.Slots = rounds;
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        // Without an answer they come back by themselves.
        await Task.WhenAny(Task.WhenAll(rounds.All.Select(lease => lease.GiveBackAsync(rounds))), Task.Delay(Farewell, cancellationToken)).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            for (var tick = 0; await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false); tick++)
                foreach (var some in rounds.All.Chunk(Together))
                    await Task.WhenAll(some.Select(lease => LookAsync(lease, tick % EverySecond == 0))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    private async Task LookAsync(SlotLease lease, bool everySecond)
    {
        if (!await lease.LookAsync(rounds, everySecond).ConfigureAwait(false))
            rounds.Close(lease);
    }
}
