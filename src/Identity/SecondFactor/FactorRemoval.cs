using System.Globalization;
using Tollgate.Foundation;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.Passkeys;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.SecondFactor;

/// <summary>
/// An operator takes all second factors from an account whose person has lost them (docs/decisions/0043-lost-factors.md). The password, the mailbox and outside sign-ins stay as
/// they were: who comes next shows one of them, and is asked for no more until a new factor is added. API tokens stay too.
/// </summary>
internal sealed class FactorRemoval(SessionStore sessions, ChallengeStore challenges, SecurityNews news, TimeProvider clock)
{
    private const string Told = "The operators of this installation removed the second factors of your account (authenticator app, recovery codes, passkeys) and signed you out everywhere. "
        + "Sign in and add a new one. If you did not ask them to, tell them at once.";

    private const string Stays = """
        SELECT (SELECT count(*)::int FROM identity.outside_identity WHERE account_id = @accountId) AS outside,
               (SELECT count(*)::int FROM identity.api_token WHERE account_id = @accountId AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > @now)) AS tokens
        """;

    /// <summary>In a transaction of the worker that has locked the account. False when there was none.</summary>
    public async Task<bool> RemoveAllAsync(DbSession session, Guid accountId, string reason, AuditActor actor)
    {
        var app = await TotpStore.RemoveAsync(session, accountId).ConfigureAwait(false);
        var passkeys = await PasskeyStore.RemoveAllAsync(session, accountId).ConfigureAwait(false);
        await RecoveryCodes.RemoveAsync(session, accountId).ConfigureAwait(false);
        if (!app && passkeys == 0)
            return false;
        // Whoever has the lost device may be signed in with it, or has shown it and waits for the answer.
        var ended = await sessions.EndAllAsync(session, accountId, "second_factor_removed").ConfigureAwait(false);
        await challenges.VoidAsync(session, accountId).ConfigureAwait(false);
        await session.ExecuteAsync("DELETE FROM identity.known_device WHERE account_id = @accountId", new { accountId }).ConfigureAwait(false);
        var (outside, tokens) = await session.QuerySingleAsync<(int, int)>(Stays, new { accountId, now = clock.GetUtcNow() }).ConfigureAwait(false);
        await news.TellAsync(session, accountId, actor with { OnBehalfOf = accountId }, "account.second_factor_removed",
            string.Create(CultureInfo.InvariantCulture, $"{Told} What stays: sign-ins by outside providers ({outside}) and API tokens ({tokens}). Look whether all of them are yours."),
            new { reason, authenticator_app = app, passkeys, ended_sessions = ended, outside_sign_ins = outside, api_tokens = tokens }).ConfigureAwait(false);
        return true;
    }
}
