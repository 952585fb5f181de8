using Tollgate.Foundation;

namespace Tollgate.Identity.SecondFactor;

/// <summary>The secrets of authenticator apps, sealed. A code is taken once: it and those before it are not taken again.</summary>
internal sealed class TotpStore(ISecretBox secrets, TimeProvider clock)
{
    private const string Purpose = "identity.totp";

    public Task<bool> IsOnAsync(DbSession session, Guid accountId) =>
        session.QuerySingleAsync<bool>("SELECT EXISTS (SELECT FROM identity.totp WHERE account_id = @accountId AND confirmed_at IS NOT NULL)", new { accountId });

    /// <summary>A secret that counts once a code of it was shown; one that waits for that is replaced. Null where there is one that counts.</summary>
    public async Task<byte[]?> BeginAsync(DbSession session, Guid accountId)
    {
        const string sql = """
            INSERT INTO identity.totp AS t (account_id, sealed, created_at) VALUES (@accountId, @value, @now)
            ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at, last_step = 0 WHERE t.confirmed_at IS NULL
            """;
        var secret = Totp.NewSecret();
        return await session.ExecuteAsync(sql, new { accountId, value = secrets.Seal(Purpose, secret), now = clock.GetUtcNow() }).ConfigureAwait(false) == 1 ? secret : null;
    }

    /// <summary>A code of the app that waits for its first; it is not used up by that.</summary>
    public async Task<bool> MatchesOfferAsync(DbSession session, Guid accountId, string code) => await StepAsync(session, accountId, code, confirmed: false).ConfigureAwait(false) is not null;

    public async Task<bool> ConfirmAsync(DbSession session, Guid accountId, string code) =>
        await TakeAsync(session, accountId, code, confirmed: false).ConfigureAwait(false)
        && await session.ExecuteAsync("UPDATE identity.totp SET confirmed_at = @now WHERE account_id = @accountId AND confirmed_at IS NULL", new { accountId, now = clock.GetUtcNow() }).ConfigureAwait(false) == 1;

    /// <summary>True for a right code that was not taken before.</summary>
    public Task<bool> TakeAsync(DbSession session, Guid accountId, string code) => TakeAsync(session, accountId, code, confirmed: true);

    public static Task<int> RemoveAsync(DbSession session, Guid accountId) => session.ExecuteAsync("DELETE FROM identity.totp WHERE account_id = @accountId", new { accountId });

    // Who moves the step has used the code: two at once are one.
    private async Task<bool> TakeAsync(DbSession session, Guid accountId, string code, bool confirmed) =>
        await StepAsync(session, accountId, code, confirmed).ConfigureAwait(false) is { } step
        && await session.ExecuteAsync("UPDATE identity.totp SET last_step = @step WHERE account_id = @accountId AND last_step < @step", new { accountId, step }).ConfigureAwait(false) == 1;

    private async Task<long?> StepAsync(DbSession session, Guid accountId, string code, bool confirmed)
    {
        var sealedSecret = await session.QuerySingleOrDefaultAsync<byte[]?>(
            "SELECT sealed FROM identity.totp WHERE account_id = @accountId AND (confirmed_at IS NOT NULL) = @confirmed", new { accountId, confirmed }).ConfigureAwait(false);
        return sealedSecret is null ? null : Totp.StepOf(secrets.Open(Purpose, sealedSecret), code, clock.GetUtcNow());
    }
}
