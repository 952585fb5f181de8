using Tollgate.Foundation;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.Passkeys;
using Tollgate.Identity.SecondFactor;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Accounts;

/// <summary>
/// All that lets somebody into an account. Whoever registers another's address must not keep a way in once its owner comes by the mailbox: then the owner is the
/// first who proved it, and what was there before is dropped.
/// </summary>
internal sealed class WaysIn(SessionStore sessions, ChallengeStore challenges, IAuditLog audit, TimeProvider clock)
{
    /// <summary>Before a session of the owner begins. The password is the caller's to replace. What was asked for before is answered no more: a link that waits in the stranger's mailbox too.</summary>
    public async Task DropAsync(DbSession session, AccountRow account, AuditActor actor)
    {
        await HoldTokensAsync(session, account.Id).ConfigureAwait(false);
        await sessions.EndAllAsync(session, account.Id, "address_proved").ConfigureAwait(false);
        await challenges.VoidAsync(session, account.Id).ConfigureAwait(false);
        await DropFactorsAsync(session, account.Id).ConfigureAwait(false);
        await MailLimits.ForgetNewsAsync(session, account.Email).ConfigureAwait(false);
        await session.ExecuteAsync("UPDATE identity.api_token SET ended_at = @now WHERE account_id = @Id AND ended_at IS NULL", new { account.Id, now = clock.GetUtcNow() }).ConfigureAwait(false);
        await audit.WriteAsync(session, actor, new AuditChange("account.ways_in_dropped", TypeId.Format("acc", account.Id))).ConfigureAwait(false);
    }

    /// <summary>
    /// Of the account's API tokens, until the transaction ends: for whoever makes one, who may not lock the account, and for whoever ends them all, who has locked it.
    /// </summary>
    public static Task<int> HoldTokensAsync(DbSession session, Guid accountId) =>
        session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('identity.api_token/' || @accountId::text, 0))", new { accountId });

    /// <summary>Second factors, passkeys, outside identities and the browsers that are known.</summary>
    public static async Task DropFactorsAsync(DbSession session, Guid accountId)
    {
        await TotpStore.RemoveAsync(session, accountId).ConfigureAwait(false);
        await RecoveryCodes.RemoveAsync(session, accountId).ConfigureAwait(false);
        await PasskeyStore.RemoveAllAsync(session, accountId).ConfigureAwait(false);
        await session.ExecuteAsync("DELETE FROM identity.outside_identity WHERE account_id = @accountId", new { accountId }).ConfigureAwait(false);
        await session.ExecuteAsync("DELETE FROM identity.known_device WHERE account_id = @accountId", new { accountId }).ConfigureAwait(false);
    }

    /// <summary>This browser has signed in with the account before.</summary>
    public static async Task<bool> IsKnownAsync(DbSession session, Guid accountId, SignInSource source) => source.Origin.DeviceDigest is { } digest && await session.QuerySingleAsync<bool>(
        "SELECT EXISTS (SELECT FROM identity.known_device WHERE account_id = @accountId AND digest = @digest)", new { accountId, digest }).ConfigureAwait(false);
}
