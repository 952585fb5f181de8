using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Foundation;

namespace Tollgate.Identity.Tokens;

/// <summary>Access tokens: ES256 JWTs (RFC 9068, `at+jwt`) of ten minutes that name account and session.</summary>
internal sealed class AccessTokens(ModuleKeys keys, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private const string Issuer = "tollgate";
    private const string Audience = "tollgate-control";

    // An old access token may still be presented by a client whose clock runs behind.
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(5);

    public async ValueTask<string> IssueAsync(Guid accountId, Guid sessionId, CancellationToken cancellation)
    {
        var loaded = await keys.GetAsync(cancellation).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        var claims = new Claims(Issuer, Audience, TypeId.Format("acc", accountId), TypeId.Format("ses", sessionId),
            now.ToUnixTimeSeconds(), (now + Lifetime).ToUnixTimeSeconds());
        var key = loaded.SignsAt(now);
        return Jws.Sign(key.Key, key.Id, JwsKind.AccessToken.Type, JsonSerializer.SerializeToUtf8Bytes(claims, Json.Options));
    }

    /// <summary>Account and session of a token that is genuine and not expired; whether the session still lives is for the caller to ask.</summary>
    public async ValueTask<(Guid AccountId, Guid SessionId)?> ReadAsync(string token, CancellationToken cancellation)
    {
        var loaded = await keys.GetAsync(cancellation).ConfigureAwait(false);
        return Jws.Verify(token, JwsKind.AccessToken, loaded.Verifying) is { } payload && JwtClaims.Read(payload) is { } claims
            && claims.Hold(Issuer, Audience, clock.GetUtcNow(), Leeway)
            && TypeId.TryParse(claims.Text("sub"), "acc", out var account) && TypeId.TryParse(claims.Text("sid"), "ses", out var session)
            ? (account, session)
            : null;
    }

    /// <summary>A value that only a page of this session can know; sent back in X-CSRF-Token by cookie sessions.</summary>
    public async ValueTask<string> CsrfTokenAsync(Guid sessionId, CancellationToken cancellation)
    {
        var loaded = await keys.GetAsync(cancellation).ConfigureAwait(false);
        return System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(loaded.Csrf, sessionId.ToByteArray(bigEndian: true)));
    }

    public async ValueTask<bool> CsrfMatchesAsync(Guid sessionId, string presented, CancellationToken cancellation) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(await CsrfTokenAsync(sessionId, cancellation).ConfigureAwait(false)), Encoding.UTF8.GetBytes(presented));

    private sealed record Claims(string Iss, string Aud, string Sub, string Sid, long Iat, long Exp);
}
