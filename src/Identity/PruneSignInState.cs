using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>
/// Forgets what proved somebody for a time: challenges a day after their end, authenticator apps that were offered and not taken, counted attempts after their window, browsers that were not used for a year, refresh tokens
/// and sessions past the end that they have however much they are used. A few thousand a transaction.
/// </summary>
public sealed class PruneSignInState(IDatabase database, TimeProvider clock) : IRecurringJob
{
    private const int Batch = 5000;

    private static readonly string[] Statements =
    [
        "DELETE FROM identity.challenge WHERE id IN (SELECT id FROM identity.challenge WHERE expires_at < @yesterday LIMIT @Batch)",
        // Asked twice: a new offer may have taken the place of the old one while this waited for the row.
        "DELETE FROM identity.totp_offer WHERE account_id IN (SELECT account_id FROM identity.totp_offer WHERE expires_at < @now LIMIT @Batch) AND expires_at < @now",
        "DELETE FROM identity.attempt WHERE ctid = ANY (ARRAY(SELECT ctid FROM identity.attempt WHERE ends_at < @now LIMIT @Batch))",
        "DELETE FROM identity.known_device WHERE ctid = ANY (ARRAY(SELECT ctid FROM identity.known_device WHERE last_used_at < @lastYear LIMIT @Batch))",
        // An expired one is refused whether it is there or not; its successor goes on without a parent.
        "DELETE FROM identity.refresh_token WHERE id IN (SELECT id FROM identity.refresh_token WHERE expires_at < @yesterday LIMIT @Batch)",
        "DELETE FROM identity.session WHERE id IN (SELECT id FROM identity.session WHERE expires_at < @yesterday LIMIT @Batch)",
    ];

    public async Task RunAsync(CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        foreach (var statement in Statements)
            while (await database.AsWorkerAsync(session => session.ExecuteAsync(statement, new { now, yesterday = now.AddDays(-1), lastYear = now.AddDays(-365), Batch }), cancellation).ConfigureAwait(false) >= Batch)
                cancellation.ThrowIfCancellationRequested();
    }
}
