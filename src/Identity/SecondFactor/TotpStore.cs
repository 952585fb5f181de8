using Tollgate.Foundation;

namespace Tollgate.Identity.SecondFactor;

/// <summary>
/// The secrets of authenticator apps, sealed: the one that counts, and the one on offer, which counts once a code of it was shown and takes the place of the other then. A
/// code is taken once: it and those before it are not taken again.
/// </summary>
internal sealed class TotpStore(ISecretBox secrets, TimeProvider clock)
{
    private const string Purpose = "identity.totp";

    /// <summary>Time enough to install an app.</summary>
    private static readonly TimeSpan OfferLifetime = TimeSpan.FromHours(1);

    /// <summary>Of one's own account as app, of any as worker.</summary>
    public static Task<bool> IsOnAsync(DbSession session, Guid accountId) =>
        session.QuerySingleAsync<bool>("SELECT EXISTS (SELECT FROM identity.totp WHERE account_id = @accountId AND confirmed_at IS NOT NULL)", new { accountId });

    /// <summary>A new secret, in place of one that is on offer.</summary>
    public async Task<byte[]> OfferAsync(DbSession session, Guid accountId)
    {
        const string sql = """
            INSERT INTO identity.totp_offer (account_id, sealed, expires_at) VALUES (@accountId, @value, @until)
            ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at
            """;
        var secret = Totp.NewSecret();
        await session.ExecuteAsync(sql, new { accountId, value = secrets.Seal(Purpose, secret), until = clock.GetUtcNow() + OfferLifetime }).ConfigureAwait(false);
        return secret;
    }

    /// <summary>A code of the app on offer; it is not used up by that.</summary>
    public async Task<bool> MatchesOfferAsync(DbSession session, Guid accountId, string code) => await OfferedAsync(session, accountId, code).ConfigureAwait(false) is not null;

    /// <summary>
    /// The app on offer is the one that counts. No code of the one before is taken any more, and those that it has shown count nothing against the new one's. Under the
    /// account's lock.
    /// </summary>
    public async Task<bool> ConfirmAsync(DbSession session, Guid accountId, string code)
    {
        const string sql = """
            INSERT INTO identity.totp (account_id, sealed, created_at, confirmed_at, last_step) VALUES (@accountId, @value, @now, @now, @step)
            ON CONFLICT (account_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at, confirmed_at = excluded.confirmed_at, last_step = excluded.last_step
            """;
        if (await OfferedAsync(session, accountId, code).ConfigureAwait(false) is not var (secret, step))
            return false;
        await RemoveOfferAsync(session, accountId).ConfigureAwait(false);
        return await session.ExecuteAsync(sql, new { accountId, value = secrets.Seal(Purpose, secret), now = clock.GetUtcNow(), step }).ConfigureAwait(false) == 1;
    }

    /// <summary>True for a right code that was not taken before. Who moves the step has used it: two at once are one, and one of an app that was replaced meanwhile is none.</summary>
    public async Task<bool> TakeAsync(DbSession session, Guid accountId, string code)
    {
        const string select = "SELECT sealed FROM identity.totp WHERE account_id = @accountId AND confirmed_at IS NOT NULL FOR UPDATE";
        return await session.QuerySingleOrDefaultAsync<byte[]>(select, new { accountId }).ConfigureAwait(false) is { } value
            && Totp.StepOf(secrets.Open(Purpose, value), code, clock.GetUtcNow()) is { } step
            && await session.ExecuteAsync("UPDATE identity.totp SET last_step = @step WHERE account_id = @accountId AND last_step < @step", new { accountId, step }).ConfigureAwait(false) == 1;
    }

    /// <summary>Both; answers whether there was one that counted. A row of an older version may be of an app that never showed a code.</summary>
    public static async Task<bool> RemoveAsync(DbSession session, Guid accountId)
    {
        await RemoveOfferAsync(session, accountId).ConfigureAwait(false);
        return await session.QuerySingleOrDefaultAsync<bool>("DELETE FROM identity.totp WHERE account_id = @accountId RETURNING confirmed_at IS NOT NULL", new { accountId }).ConfigureAwait(false);
    }

    public static Task<int> RemoveOfferAsync(DbSession session, Guid accountId) => session.ExecuteAsync("DELETE FROM identity.totp_offer WHERE account_id = @accountId", new { accountId });

    private async Task<(byte[] Secret, long Step)?> OfferedAsync(DbSession session, Guid accountId, string code)
    {
        const string select = "SELECT sealed FROM identity.totp_offer WHERE account_id = @accountId AND expires_at > @now FOR UPDATE";
        var now = clock.GetUtcNow();
        if (await session.QuerySingleOrDefaultAsync<byte[]>(select, new { accountId, now }).ConfigureAwait(false) is not { } value)
            return null;
        var secret = secrets.Open(Purpose, value);
        return Totp.StepOf(secret, code, now) is { } step ? (secret, step) : null;
    }
}
