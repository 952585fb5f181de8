using Tollgate.Foundation;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.SecondFactor;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Accounts;

/// <summary>An operator closes an account, or opens it again. A closed one is refused by every way in, in the words of a wrong password; its sessions and API tokens end at once.</summary>
internal sealed class AccountDisabling(SessionStore sessions, ChallengeStore challenges, IAuditLog audit, TimeProvider clock)
{
    /// <summary>In a transaction of the worker. False when there is no such account, or it is so already.</summary>
    public async Task<bool> SetAsync(DbSession session, Guid accountId, bool disabled, AuditActor actor, string? reason = null)
    {
        const string sql = """
            UPDATE identity.account SET disabled_at = CASE WHEN @disabled THEN @now END, updated_at = @now
            WHERE id = @accountId AND deleted_at IS NULL AND (disabled_at IS NOT NULL) <> @disabled
            """;
        if (await session.ExecuteAsync(sql, new { accountId, disabled, now = clock.GetUtcNow() }).ConfigureAwait(false) == 0)
            return false;
        await WaysIn.HoldTokensAsync(session, accountId).ConfigureAwait(false);
        // Both times: nothing from before the closing comes back with the opening.
        await session.ExecuteAsync("UPDATE identity.api_token SET ended_at = @now WHERE account_id = @accountId AND ended_at IS NULL", new { accountId, now = clock.GetUtcNow() }).ConfigureAwait(false);
        await sessions.EndAllAsync(session, accountId, disabled ? "account_disabled" : "account_enabled").ConfigureAwait(false);
        await challenges.VoidAsync(session, accountId).ConfigureAwait(false);
        await TotpStore.RemoveOfferAsync(session, accountId).ConfigureAwait(false);
        await audit.WriteAsync(session, actor, new AuditChange(disabled ? "account.disabled" : "account.enabled", TypeId.Format("acc", accountId), Before: new { disabled = !disabled }, After: new { disabled, reason }))
            .ConfigureAwait(false);
        return true;
    }
}
