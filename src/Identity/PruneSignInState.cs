using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>Forgets what proved somebody for a moment: challenges a day after their end, counted guesses after their window, browsers that were not used for a year.</summary>
public sealed class PruneSignInState(IDatabase database, TimeProvider clock) : IRecurringJob
{
    public Task RunAsync(CancellationToken cancellation) => database.AsWorkerAsync(async session =>
    {
        var now = clock.GetUtcNow();
        await session.ExecuteAsync("DELETE FROM identity.challenge WHERE expires_at < @before", new { before = now.AddDays(-1) }).ConfigureAwait(false);
        await session.ExecuteAsync("DELETE FROM identity.attempt WHERE ends_at < @now", new { now }).ConfigureAwait(false);
        return await session.ExecuteAsync("DELETE FROM identity.known_device WHERE last_used_at < @before", new { before = now.AddDays(-365) }).ConfigureAwait(false);
    }, cancellation);
}
