using System.Net;
using System.Security.Cryptography;
using Tollgate.Foundation;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.Sessions;

/// <summary>What is kept of the device that signs in.</summary>
internal sealed record Device(string Name, string UserAgent, IPAddress? Address);

internal sealed record IssuedSession(Guid AccountId, Guid SessionId, string AccessToken, string RefreshToken);

/// <summary>
/// Sessions and their refresh tokens (RFC 9700, 4.14.2). A refresh token works once; using it again ends its whole session, except in the ten seconds
/// after, while its successor is unused: then a client whose requests crossed gets the same successor, which is derived from the parent, so that
/// only digests are stored. Idle 30 days, absolute 180 days.
/// </summary>
internal sealed class SessionStore(IDatabase database, AccessTokens accessTokens, ModuleKeys keys, IAuditLog audit, TimeProvider clock)
{
    public static readonly TimeSpan Idle = TimeSpan.FromDays(30);
    public static readonly TimeSpan Absolute = TimeSpan.FromDays(180);
    /// <summary>How exactly it is kept when a session was last seen.</summary>
    public static readonly TimeSpan SeenEach = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Crossing = TimeSpan.FromSeconds(10);
    private static readonly Failure Rejected = new(FailureKind.Unauthenticated, "REFRESH_TOKEN_INVALID", "The session has ended. Sign in again.");

    public async Task<IssuedSession> StartAsync(DbSession session, Guid accountId, Device device, bool twoFactors)
    {
        const string insertSession = """
            INSERT INTO identity.session (id, account_id, device, user_agent, client_address, created_at, last_seen_at, expires_at, second_factor_at)
            VALUES (@id, @accountId, @device, @userAgent, @address::inet, @now, @now, @expires, CASE WHEN @twoFactors THEN @now END)
            """;
        var id = TypeId.New(clock);
        var now = clock.GetUtcNow();
        await session.ExecuteAsync(insertSession, new
        {
            id,
            accountId,
            device = device.Name,
            userAgent = device.UserAgent,
            address = device.Address?.ToString(),
            now,
            expires = now + Absolute,
            twoFactors,
        }).ConfigureAwait(false);
        var secret = RandomNumberGenerator.GetBytes(32);
        await InsertTokenAsync(session, accountId, id, null, secret).ConfigureAwait(false);
        return new IssuedSession(accountId, id, await accessTokens.IssueAsync(accountId, id, session.Cancellation).ConfigureAwait(false), RefreshToken.Format(secret));
    }

    /// <summary>A new access and refresh token, or REFRESH_TOKEN_INVALID. A replay ends the session, and that is kept although the answer is a refusal.</summary>
    public async Task<Outcome<IssuedSession>> RefreshAsync(string presented, Device device, AuditActor actor, CancellationToken cancellation)
    {
        if (RefreshToken.Parse(presented) is not { } secret)
            return Rejected;
        var successor = HMACSHA256.HashData((await keys.GetAsync(cancellation).ConfigureAwait(false)).Refresh, secret);
        var rotated = await database.AsWorkerAsync(session => RotateAsync(session, secret, successor, device, actor), cancellation).ConfigureAwait(false);
        return rotated is { } found
            ? new IssuedSession(found.AccountId, found.SessionId,
                await accessTokens.IssueAsync(found.AccountId, found.SessionId, cancellation).ConfigureAwait(false), RefreshToken.Format(successor))
            : Rejected;
    }

    /// <summary>The person has a second factor at hand: it was shown, or added, in this session.</summary>
    public Task<int> SecondFactorShownAsync(DbSession session, Guid sessionId) => session.ExecuteAsync(
        "UPDATE identity.session SET second_factor_at = @now WHERE id = @sessionId AND ended_at IS NULL", new { sessionId, now = clock.GetUtcNow() });

    /// <summary>
    /// A factor of the account is gone: what its sessions have shown may have been that one, so all but the one that took it away show again what there is. Under the account's
    /// lock, as whoever shows one has it.
    /// </summary>
    public static Task<int> ForgetShownFactorAsync(DbSession session, Guid accountId, Guid exceptSessionId) => session.ExecuteAsync(
        "UPDATE identity.session SET second_factor_at = NULL WHERE account_id = @accountId AND id <> @exceptSessionId AND second_factor_at IS NOT NULL", new { accountId, exceptSessionId });

    public Task<int> EndAsync(DbSession session, Guid sessionId, string reason) => session.ExecuteAsync(
        "UPDATE identity.session SET ended_at = @now, ended_reason = @reason WHERE id = @sessionId AND ended_at IS NULL", new { sessionId, reason, now = clock.GetUtcNow() });

    public Task<int> EndAllAsync(DbSession session, Guid accountId, string reason) => session.ExecuteAsync(
        "UPDATE identity.session SET ended_at = @now, ended_reason = @reason WHERE account_id = @accountId AND ended_at IS NULL", new { accountId, reason, now = clock.GetUtcNow() });

    /// <summary>For a change of what signs in: every session of the account but the one that did it.</summary>
    public Task<int> EndOthersAsync(DbSession session, Guid accountId, Guid exceptSessionId, string reason) => session.ExecuteAsync(
        "UPDATE identity.session SET ended_at = @now, ended_reason = @reason WHERE account_id = @accountId AND id <> @exceptSessionId AND ended_at IS NULL",
        new { accountId, exceptSessionId, reason, now = clock.GetUtcNow() });

    /// <summary>Answers the device; null when the account has no such living session.</summary>
    public Task<string?> EndOneAsync(DbSession session, Guid accountId, Guid sessionId, string reason) => session.QuerySingleOrDefaultAsync<string>(
        "UPDATE identity.session SET ended_at = @now, ended_reason = @reason WHERE id = @sessionId AND account_id = @accountId AND ended_at IS NULL RETURNING device",
        new { sessionId, accountId, reason, now = clock.GetUtcNow() });

    /// <summary>Called with each request that is more than a minute after the last one that was noted.</summary>
    public Task<int> SeenAsync(Guid sessionId, IPAddress? address, CancellationToken cancellation) => database.AsWorkerAsync(session => session.ExecuteAsync(
        "UPDATE identity.session SET last_seen_at = @now, client_address = coalesce(@address::inet, client_address) WHERE id = @sessionId AND last_seen_at <= @before",
        new { sessionId, address = address?.ToString(), now = clock.GetUtcNow(), before = clock.GetUtcNow() - SeenEach }), cancellation);

    /// <summary>The session that a refresh token belongs to, living or not.</summary>
    public static Task<Guid?> FindByTokenAsync(DbSession session, string presented) => RefreshToken.Parse(presented) is { } secret
        ? session.QuerySingleOrDefaultAsync<Guid?>("SELECT session_id FROM identity.refresh_token WHERE digest = @digest", new { digest = SHA256.HashData(secret) })
        : Task.FromResult<Guid?>(null);

    private async Task<TokenRow?> RotateAsync(DbSession session, byte[] secret, byte[] successor, Device device, AuditActor actor)
    {
        // The session's row is the lock: parallel refreshes of one family follow one another, so a loser finds the winner's successor, committed.
        const string select = """
            SELECT t.id, t.account_id, t.session_id, t.used_at, t.expires_at, s.ended_at, s.expires_at AS session_expires_at, a.disabled_at,
                   (SELECT c.used_at IS NULL FROM identity.refresh_token c WHERE c.parent_id = t.id) AS successor_unused
            FROM identity.refresh_token t JOIN identity.session s ON s.id = t.session_id JOIN identity.account a ON a.id = t.account_id
            WHERE t.digest = @digest
            """;
        const string lockSession = """
            SELECT s.id FROM identity.session s WHERE s.id = (SELECT session_id FROM identity.refresh_token WHERE digest = @digest) FOR UPDATE
            """;
        var digest = SHA256.HashData(secret);
        await session.QuerySingleOrDefaultAsync<Guid?>(lockSession, new { digest }).ConfigureAwait(false);
        var token = await session.QuerySingleOrDefaultAsync<TokenRow>(select, new { digest }).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        if (token is null || token.EndedAt is not null || token.DisabledAt is not null || now >= token.SessionExpiresAt || now >= token.ExpiresAt)
            return null;
        if (token.UsedAt is { } used)
        {
            if (now - used <= Crossing && token.SuccessorUnused == true)
                return token;
            await EndAsync(session, token.SessionId, "refresh_token_reused").ConfigureAwait(false);
            // Whose device it was reads it: one of two who have the token has stolen it.
            await audit.WriteAsync(session, actor, new AuditChange("account.session_ended", TypeId.Format("acc", token.AccountId),
                After: new { session_id = TypeId.Format("ses", token.SessionId), reason = "refresh_token_reused" })).ConfigureAwait(false);
            return null;
        }
        await session.ExecuteAsync("UPDATE identity.refresh_token SET used_at = @now WHERE id = @id", new { now, token.Id }).ConfigureAwait(false);
        await InsertTokenAsync(session, token.AccountId, token.SessionId, token.Id, successor).ConfigureAwait(false);
        await session.ExecuteAsync("UPDATE identity.session SET last_seen_at = @now, client_address = @address::inet, user_agent = @userAgent WHERE id = @id",
            new { now, address = device.Address?.ToString(), userAgent = device.UserAgent, id = token.SessionId }).ConfigureAwait(false);
        return token;
    }

    private Task InsertTokenAsync(DbSession session, Guid accountId, Guid sessionId, Guid? parentId, byte[] secret)
    {
        const string insert = """
            INSERT INTO identity.refresh_token (id, account_id, session_id, parent_id, digest, issued_at, expires_at)
            VALUES (@id, @accountId, @sessionId, @parentId, @digest, @now, @expires)
            """;
        var now = clock.GetUtcNow();
        return session.ExecuteAsync(insert, new { id = TypeId.New(clock), accountId, sessionId, parentId, digest = SHA256.HashData(secret), now, expires = now + Idle });
    }

    private sealed class TokenRow
    {
        public Guid Id { get; init; }

        public Guid AccountId { get; init; }

        public Guid SessionId { get; init; }

        public DateTimeOffset? UsedAt { get; init; }

        public DateTimeOffset ExpiresAt { get; init; }

        public DateTimeOffset? EndedAt { get; init; }

        public DateTimeOffset SessionExpiresAt { get; init; }

        public DateTimeOffset? DisabledAt { get; init; }

        public bool? SuccessorUnused { get; init; }
    }
}
