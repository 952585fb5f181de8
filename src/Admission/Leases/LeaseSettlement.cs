using Microsoft.Extensions.Logging;
using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Admission.Leases;

/// <summary>
/// A node that was killed has left leases behind. When it runs again and its journal is shipped, what the journal does not show as used goes back. Events just
/// before the last word that Redis had from it are counted as used after it: rather too little goes back than too much.
/// </summary>
internal sealed partial class LeaseSettlement(LeaseStore store, IDatabase database, IUsage usage, IUsageShipping shipping, ILogger<LeaseSettlement> logger)
{
    private static readonly TimeSpan JustBefore = TimeSpan.FromMilliseconds(200);

    public async Task RunAsync(string epoch, Guid node, Guid life, CancellationToken cancellation)
    {
        foreach (var ended in await store.LivesAsync(node).ConfigureAwait(false))
        {
            if (ended == life)
                continue;
            await shipping.ShipNowAsync(cancellation).ConfigureAwait(false);
            var count = 0;
            foreach (var record in await store.RecordsAsync(ended).ConfigureAwait(false))
            {
                if (record.Unaccounted == 0)
                    continue;
                var used = await UsedAsync(record, cancellation).ConfigureAwait(false);
                await store.SettleAsync(epoch, ended, record, Math.Max(0, record.Unaccounted - used)).ConfigureAwait(false);
                count++;
            }
            await store.EndLifeAsync(node, ended).ConfigureAwait(false);
            LogSettled(logger, count);
        }
    }

    private Task<long> UsedAsync(LeaseRecord record, CancellationToken cancellation) => database.AsWorkerAsync(session =>
        usage.OfJournalSinceAsync(session, shipping.JournalId, record.Subscription, Meter.Find(record.Meter)!.Value.Name,
            DateTimeOffset.UnixEpoch.AddMicroseconds(record.AtMicros) - JustBefore), cancellation);

    [LoggerMessage(4104, LogLevel.Information, "Leases of this node's life before are settled: {Count} had something left")]
    private static partial void LogSettled(ILogger logger, int count);
}
