using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;

namespace Tollgate.Admission.Leases;

/// <summary>Looks after the leases off the path: the epoch, idle parts, what a life before has left, and all of it back at the end.</summary>
internal sealed partial class LeaseKeeper(
    NodeState state, SharedLimits shared, LeaseRounds rounds, LeaseStore store, SharedEpoch epoch, LeaseSettlement settlement, TimeProvider clock, ILogger<LeaseKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);
    private bool _settled;
    private readonly long _startedAt = clock.GetTimestamp();
    private long _lookedAt;
    private long _sweptAt = clock.GetTimestamp();

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        shared.Round = rounds.RunAsync;
        return base.StartAsync(cancellationToken);
    }

    /// <summary>No call comes any more: what is left goes back, so that the others need not wait for the window's end.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await GiveBackAllAsync().WaitAsync(Farewell, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogKept(logger, exception.Message);
        }
    }

    internal async Task GiveBackAllAsync()
    {
        if (epoch.Current is null || state.NodeId is not { } node)
            return;
        foreach (var some in rounds.Book.Open.Chunk(64))
            await Task.WhenAll(some.Select(GiveBackAsync)).ConfigureAwait(false);
        await store.EndLifeAsync(node, epoch.Life).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            do
            {
                await LookAsync(stoppingToken).ConfigureAwait(false);
                shared.Began |= epoch.Current is not null || clock.GetElapsedTime(_startedAt) > LongestStart;
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        try
        {
            // More often only where the others wait for what this node knows.
            if (epoch.Current is not null && clock.GetElapsedTime(_lookedAt) < LookInterval)
                return;
            _lookedAt = clock.GetTimestamp();
            await epoch.WatchAsync().ConfigureAwait(false);
            if (epoch.Current is not { } current || state.NodeId is not { } node)
                return;
            shared.Answered();
            rounds.Book.Look(shared.Clock.Now);
            if (!_settled && state.Loaded)
            {
                await settlement.RunAsync(current, node, epoch.Life, cancellation).ConfigureAwait(false);
                _settled = true;
            }
            if (clock.GetElapsedTime(_sweptAt) > SweepInterval)
                await SweepAsync().ConfigureAwait(false);
        }
        catch (EpochLostException)
        {
            epoch.Lose();
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            LogFailed(logger, exception.Message);
        }
    }

    private async Task GiveBackAsync(MeterLeases leases)
    {
        // The first may find a round under way that began before it.
        for (var i = 0; i < 2; i++)
        {
            leases.GiveUp();
            await leases.WaitAsync(0).ConfigureAwait(false);
        }
    }

    private async Task SweepAsync()
    {
        _sweptAt = clock.GetTimestamp();
        var now = LeaseStore.Micros(shared.Clock.Now);
        foreach (var leases in state.Subscribers.Leases().Concat(state.Products.Leases()))
            foreach (var lease in leases.Windows)
                if (lease.Known is { } known && known.EndMicros < now)
                {
                    await store.ForgetAsync(epoch.Life, leases.Subscriber.Id, leases.Meter, lease.Window).ConfigureAwait(false);
                    lease.Forget();
                }
    }

    [LoggerMessage(4105, LogLevel.Warning, "Redis cannot be looked after, trying again: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);

    [LoggerMessage(4106, LogLevel.Information, "Leases could not be given back: {Reason}")]
    private static partial void LogKept(ILogger logger, string reason);
}
