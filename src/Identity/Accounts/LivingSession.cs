using Tollgate.Foundation;

namespace Tollgate.Identity.Accounts;

/// <summary>The session that began something which ends without it, by a link or a way back from elsewhere.</summary>
internal static class LivingSession
{
    /// <summary>Locked: whoever ends it now waits, and then finds what was done in its name.</summary>
    public static async Task<bool> IsAsync(DbSession session, Guid accountId, Guid? sessionId, DateTimeOffset now) => await session.QuerySingleOrDefaultAsync<Guid?>(
        "SELECT id FROM identity.session WHERE id = @sessionId AND account_id = @accountId AND ended_at IS NULL AND expires_at > @now FOR SHARE",
        new { sessionId, accountId, now }).ConfigureAwait(false) is not null;
}
