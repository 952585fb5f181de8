using Microsoft.Extensions.Logging;
using Tollgate.Foundation;

namespace Tollgate.Admission.Leases;

/// <summary>A round: tells Redis what this node holds of a meter, and takes in what it is granted.</summary>
internal sealed partial class LeaseRounds(LeaseStore store, SharedEpoch epoch, LeaseSeeds seeds, SharedLimits shared, ILogger<LeaseRounds> logger)
{
    private static readonly long Quick = TimeSpan.TicksPerSecond;
    private static readonly long Slow = 3 * TimeSpan.TicksPerSecond;

    private long _answered;
    private long _failed;

    public LeaseBook Book { get; } = new();

    /// <summary>Rounds that Redis answered.</summary>
    public long Answered => Volatile.Read(ref _answered);

    /// <summary>Rounds that brought nothing: no epoch, or no answer.</summary>
    public long Failed => Volatile.Read(ref _failed);

    public async Task<bool> RunAsync(MeterLeases leases)
    {
        try
        {
            var answered = await epoch.EnsureAsync().ConfigureAwait(false) && await AskAsync(leases).ConfigureAwait(false);
            if (!answered)
                return Fail();
            Interlocked.Increment(ref _answered);
            shared.Answered();
            return true;
        }
        catch (EpochLostException)
        {
            epoch.Lose();
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception.Message);
        }
        return Fail();
    }

    private bool Fail()
    {
        Interlocked.Increment(ref _failed);
        shared.Failed();
        return false;
    }

    private async Task<bool> AskAsync(MeterLeases leases)
    {
        var (need, givesUp) = leases.Begin();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var asks = leases.Prepare(shared.Clock.Now, need, givesUp);
            if (asks.Count == 0)
                return true;
            if (epoch.Current is not { } current)
                return false;
            var answer = await store.AskAsync(current, epoch.Life, leases, asks).ConfigureAwait(false);
            var unseeded = new List<WindowAsk>();
            // Whoever tells what this node knows has lost the epoch first: what was told is never less than what is held.
            lock (leases.Telling)
            {
                if (epoch.Current != current)
                    return false;
                for (var i = 0; i < asks.Count; i++)
                    if (answer.Windows[i].State == LeaseState.Unseeded)
                        unseeded.Add(asks[i]);
                    else
                        TakeIn(leases, asks[i], answer.Windows[i], answer.Version);
            }
            if (unseeded.Count == 0)
                return true;
            await seeds.FillAsync(current, leases, unseeded).ConfigureAwait(false);
        }
        return true;
    }

    private void TakeIn(MeterLeases leases, in WindowAsk ask, in WindowAnswer answer, long version)
    {
        if (answer.State != LeaseState.Granted)
            return;
        var now = shared.Clock.Now;
        var granted = ask.Held + answer.Grant;
        if (ask.Need > 0 || ask.Want > 0)
        {
            var since = now - ask.Lease.AskedAt;
            ask.Lease.AskedAt = now;
            if (since < Quick && answer.Grant >= ask.Want)
                ask.Lease.Size = Math.Min(ask.Lease.Size * 4, Math.Max(1, ask.Limit));
            else if (since > Slow)
                ask.Lease.Size = Math.Max(1, ask.Lease.Size / 4);
        }
        ask.Lease.Limit = ask.Limit;
        ask.Lease.Answer(new Known(ask.Frame.Ordinal, LeaseStore.Micros(ask.Frame.End), version, answer.Given, granted), ask.Frame.Ordinal, granted, answer.Grant,
            ask.Limit - answer.Given, now);
        if (answer.Grant > 0)
            Book.Add(leases);
    }

    [LoggerMessage(4103, LogLevel.Warning, "No lease: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
