using Tollgate.Foundation;

namespace Tollgate.Identity.Accounts;

/// <summary>The session that began something which ends without it, by a link or a way back from elsewhere, or while it waits for a lock.</summary>
internal static class LivingSession
{
    /// <summary>Locked: whoever ends it now waits, and then finds what was done in its name.</summary>
    public static async Task<bool> IsAsync(DbSession session, Guid accountId, Guid? sessionId, DateTimeOffset now) => await session.QuerySingleOrDefaultAsync<Guid?>(
        "SELECT id FROM identity.session WHERE id = @sessionId AND account_id = @accountId AND ended_at IS NULL AND expires_at > @now FOR SHARE",
        new { sessionId, accountId, now }).ConfigureAwait(false) is not null;

    /// <summary>
    /// Before a way in is added, as the worker: with the account locked, so that whoever drops the ways in has done so, or waits and finds this one. False when the
    /// account or the session has ended since the request was let in.
    /// </summary>
    public static async Task<bool> HoldAsync(DbSession session, Caller caller, DateTimeOffset now) =>
        await HoldAsync(session, caller.AccountId, caller.SessionId, now).ConfigureAwait(false) is not null;

    /// <summary>The same; answers the account as it is by now, null where that is false.</summary>
    public static async Task<AccountRow?> HoldAsync(DbSession session, Guid accountId, Guid? sessionId, DateTimeOffset now) =>
        await AccountStore.LockAsync(session, accountId).ConfigureAwait(false) is { DisabledAt: null } account && await IsAsync(session, accountId, sessionId, now).ConfigureAwait(false)
            ? account
            : null;
}
