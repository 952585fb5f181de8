using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;
using Tollgate.Foundation;

namespace Tollgate.Admission.Nodes;

/// <summary>
/// Registers this node and keeps it registered. While limits live in the process (no Redis__Url), only so many nodes may admit as the limits are divided by; one too many
/// is not ready and says why. When the database is away the last word holds: a node goes on serving.
/// </summary>
internal sealed class NodeRegistration(NodeOptions options, NodeState state, NodeLicence licence, IDatabase database, TimeProvider clock, ILogger<NodeRegistration> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);
    private NodeIdentity? _identity;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        state.Forbid("The node is stopping.");
        if (_identity is not { Id: var id })
            return;
        try
        {
            await database.AsWorkerAsync(session => NodeStore.RemoveAsync(session, id), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            logger.LogInformation("The node could not be taken off the register; others wait until it is silent for 15 s: {Reason}", exception.Message);
        }
    }

    public override void Dispose()
    {
        _identity?.Dispose();
        base.Dispose();
    }

    internal async Task BeatAsync(CancellationToken cancellation)
    {
        _identity ??= NodeIdentity.TryOpen(options.Folder, clock);
        if (_identity is not { Id: var id })
        {
            state.Forbid("Another process uses this node's data directory. Give each node a Data__Directory of its own.");
            return;
        }
        var before = await database.AsWorkerAsync(session => NodeStore.BeatAsync(session, id), cancellation).ConfigureAwait(false);
        state.NodeId = id;
        // Without Redis each node has its part of a limit; with it as many as there are share what is in flight at once.
        if (options.Shared)
            state.LiveNodes = Math.Max(1, (await database.AsWorkerAsync(NodeStore.LiveAsync, cancellation).ConfigureAwait(false)).Count);
        var allowed = options.Shared || before < options.Nodes;
        // What its disk says comes after what it does: a disk that cannot be written must not decide who admits.
        if (allowed)
            state.Allow();
        else
            state.Forbid(WhyNot(before));
        licence.Keep(allowed);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            do
                await TryBeatAsync(stoppingToken).ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    private async Task TryBeatAsync(CancellationToken cancellation)
    {
        try
        {
            await BeatAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            logger.LogWarning("The node could not be registered, trying again: {Reason}", exception.Message);
        }
    }

    private string WhyNot(int before)
    {
        var others = before == 1 ? "Another node admits" : $"{before} other nodes admit";
        return $"{others} calls, and each counts limits for itself: together they would pass them. Set Redis__Url on each of them, so that they share limits,"
            + $" or Limits__Nodes to their number (limits are then divided; now {options.Nodes}), or stop the other.";
    }
}
