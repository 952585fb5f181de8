using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;
using Tollgate.Foundation;

namespace Tollgate.Admission.Keys;

/// <summary>Writes when keys were last used, in batches, far from the path. Nobody waits for it, and what a killed process has not written is lost.</summary>
internal sealed class KeyUses(NodeState state, IDatabase database, TimeProvider clock, ILogger<KeyUses> logger) : BackgroundService
{
    private const int BatchSize = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);
    private long _written;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await TryWriteAsync(cancellationToken).ConfigureAwait(false);
    }

    internal async Task WriteAsync(CancellationToken cancellation)
    {
        var (newest, began) = (_written, clock.GetUtcNow().UtcTicks);
        var ids = new List<Guid>(BatchSize);
        var times = new List<DateTimeOffset>(BatchSize);
        for (var place = 0; place < state.Keys.Count; place++)
        {
            var (id, used) = Use(place);
            if (used <= _written)
                continue;
            newest = Math.Max(newest, used);
            ids.Add(id);
            times.Add(new DateTimeOffset(used, TimeSpan.Zero));
            if (ids.Count == BatchSize)
                await WriteAsync(ids, times, cancellation).ConfigureAwait(false);
        }
        if (ids.Count > 0)
            await WriteAsync(ids, times, cancellation).ConfigureAwait(false);
        // A key that was used while this ran, after it was passed, is found by the next.
        _written = Math.Min(newest, began);
    }

    private async Task WriteAsync(List<Guid> ids, List<DateTimeOffset> times, CancellationToken cancellation)
    {
        var batch = new { ids = ids.ToArray(), times = times.ToArray() };
        await database.AsWorkerAsync(session => session.ExecuteAsync("""
            UPDATE admission.key k SET last_used_at = used.at
            FROM unnest(@ids::uuid[], @times::timestamptz[]) AS used (id, at)
            WHERE k.id = used.id AND (k.last_used_at IS NULL OR k.last_used_at < used.at)
            """, batch), cancellation).ConfigureAwait(false);
        ids.Clear();
        times.Clear();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                await TryWriteAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends; StopAsync writes what is left.
        }
    }

    private (Guid Id, long Used) Use(int place)
    {
        ref var entry = ref state.Keys.At(place);
        return (entry.KeyId, Volatile.Read(ref entry.LastUsed));
    }

    private async Task TryWriteAsync(CancellationToken cancellation)
    {
        try
        {
            await WriteAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LogInformation("Last uses of keys could not be written, trying again: {Reason}", exception.Message);
        }
    }
}
