using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Tollgate.Admission.Leases;

/// <summary>Asks Redis for places of calls in flight, and knows which leases there are.</summary>
internal sealed partial class SlotRounds(LeaseStore store, SharedEpoch epoch, SharedLimits shared, SlotOptions options, ILogger<SlotRounds> logger)
{
    private readonly ConcurrentDictionary<SlotLease, bool> _open = new();

    public IEnumerable<SlotLease> All => _open.Keys;

    /// <summary>Null when there is no answer.</summary>
    public async Task<SlotAnswer?> AskAsync(SlotLease lease, int held, int need, int want, int limit)
    {
        if (shared.Pausing)
            return null;
        try
        {
            if (!await epoch.EnsureAsync().ConfigureAwait(false) || epoch.Current is not { } current)
                return null;
            var answer = await store.AskSlotsAsync(current, epoch.Life, lease.Subscriber.Id, held, need, want, limit, options.Lease).ConfigureAwait(false);
            shared.Answered();
            return answer;
        }
        catch (EpochLostException)
        {
            epoch.Lose();
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception.Message);
        }
        shared.Failed();
        return null;
    }

    /// <summary>It has places: it is looked after from now on.</summary>
    public void Open(SlotLease lease) => _open.TryAdd(lease, true);

    public void Close(SlotLease lease)
    {
        _open.TryRemove(lease, out _);
        // It may have got something in between.
        if (lease.Granted > 0)
            _open.TryAdd(lease, true);
    }

    [LoggerMessage(4107, LogLevel.Warning, "No places for calls in flight: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
