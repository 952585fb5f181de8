using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Nodes;
using Tollgate.Foundation;

namespace Tollgate.Admission.Leases;

/// <summary>
/// One life of the counters in Redis. When Redis has forgotten them, every live node tells what it last knew; when all have, the new epoch is set, and counters that
/// nobody told of are seeded from the log. Until then nothing is granted.
/// </summary>
internal sealed partial class SharedEpoch(LeaseStore store, NodeState state, IDatabase database, TimeProvider clock, ILogger<SharedEpoch> logger) : IDisposable
{
    private const int Together = 64;
    private readonly SemaphoreSlim _turn = new(1);
    private volatile string? _current;

    public string? Current => _current;

    /// <summary>This life of this process: its leases are nobody else's, not even those of the same node before.</summary>
    public Guid Life { get; } = TypeId.New(clock);

    public void Lose() => _current = null;

    /// <summary>One step towards an epoch; true when there is one.</summary>
    public async Task<bool> EnsureAsync()
    {
        if (_current is not null)
            return true;
        if (state.NodeId is not { } node)
            return false;
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_current is not null)
                return true;
            var epoch = await store.EpochAsync().ConfigureAwait(false);
            if (epoch is not null && !await store.RemembersAsync(epoch).ConfigureAwait(false))
            {
                await store.BeginAgainAsync().ConfigureAwait(false);
                epoch = null;
            }
            if (epoch is null)
            {
                await RebuildAsync(node).ConfigureAwait(false);
                epoch = await store.EpochAsync().ConfigureAwait(false);
            }
            if (epoch is null)
                return false;
            if (!await database.AsWorkerAsync(session => EpochRegister.TryEnterAsync(session, epoch), CancellationToken.None).ConfigureAwait(false))
            {
                LogOld(logger, epoch);
                await store.BeginAgainAsync().ConfigureAwait(false);
                return false;
            }
            await store.BeginLifeAsync(node, Life).ConfigureAwait(false);
            LogEpoch(logger, epoch);
            _current = epoch;
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Looks whether Redis still holds the epoch that this node works with.</summary>
    public async Task WatchAsync()
    {
        if (_current is { } known && (await store.EpochAsync().ConfigureAwait(false) != known || !await store.RemembersAsync(known).ConfigureAwait(false)))
            Lose();
        await EnsureAsync().ConfigureAwait(false);
    }

    public void Dispose() => _turn.Dispose();

    private async Task RebuildAsync(Guid node)
    {
        if (await TurnAsync().ConfigureAwait(false) is not { } turn)
            return;
        var told = await store.RebuildersAsync(turn).ConfigureAwait(false);
        if (!told.Contains(node))
        {
            if (!await TellAsync(turn).ConfigureAwait(false))
                return;
            await store.JoinRebuildAsync(node, turn).ConfigureAwait(false);
            told = await store.RebuildersAsync(turn).ConfigureAwait(false);
        }
        // Whoever is registered may hold leases; one that stays silent leaves the register after 15 s.
        var live = await database.AsWorkerAsync(NodeStore.LiveAsync, CancellationToken.None).ConfigureAwait(false);
        var missing = live.Where(id => !told.Contains(id)).ToList();
        if (missing.Count == 0)
            await store.EndRebuildAsync(turn).ConfigureAwait(false);
        else
            LogWaiting(logger, missing.Count);
    }

    private async Task<string?> TurnAsync()
    {
        if (await store.TurnAsync().ConfigureAwait(false) is { } turn)
        {
            if (await store.RemembersAsync(turn).ConfigureAwait(false))
                return turn;
            await store.BeginAgainAsync().ConfigureAwait(false);
        }
        await store.BeginTurnAsync(await database.AsWorkerAsync(EpochRegister.NextAsync, CancellationToken.None).ConfigureAwait(false)).ConfigureAwait(false);
        return await store.TurnAsync().ConfigureAwait(false);
    }

    private async Task<bool> TellAsync(string turn)
    {
        foreach (var some in Known().Chunk(Together))
        {
            var answers = await Task.WhenAll(some.Select(item => store.PushAsync(turn, Life, item.Leases.Subscriber.Id, item.Leases.Meter, item.Lines))).ConfigureAwait(false);
            if (answers.Contains(false))
                return false;
        }
        return true;
    }

    private IEnumerable<(MeterLeases Leases, List<PushLine> Lines)> Known()
    {
        foreach (var leases in state.Subscribers.Leases().Concat(state.Products.Leases()))
        {
            List<PushLine> lines;
            lock (leases.Telling)
                lines = [.. leases.Windows.Where(lease => lease.Known is not null).Select(lease => new PushLine(lease.Window, lease.Known!.Value, lease.LeastTold))];
            if (lines.Count > 0)
                yield return (leases, lines);
        }
    }

    [LoggerMessage(4101, LogLevel.Information, "Limits are shared through Redis, epoch {Epoch}")]
    private static partial void LogEpoch(ILogger logger, string epoch);

    [LoggerMessage(4107, LogLevel.Warning, "Redis holds epoch {Epoch}, which is over: nodes have worked with another one since, on another server. Its counters are not used")]
    private static partial void LogOld(ILogger logger, string epoch);

    [LoggerMessage(4102, LogLevel.Warning, "Redis has lost the shared counters; waiting for {Count} other nodes to tell what they know")]
    private static partial void LogWaiting(ILogger logger, int count);
}
