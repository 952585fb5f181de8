using Tollgate.Foundation;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.OpenIdConnect;

/// <summary>Who a provider says that somebody is. The subject is the person; the address may become another's.</summary>
internal sealed record OidcPerson(string Issuer, string Subject, string? Email, bool EmailVerified, string? Name);

/// <summary>One sign-in at a provider: the authorization code flow with PKCE (RFC 7636), state and nonce (OpenID Connect Core 1.0, 3.1).</summary>
internal sealed class OidcClient(OidcHttp http, OidcDirectory directory, TimeProvider clock)
{
    private const int LongestSubject = 255;

    private static readonly TimeSpan Leeway = TimeSpan.FromMinutes(1);

    public static readonly Failure Unreachable = new(FailureKind.Unavailable, "PROVIDER_UNAVAILABLE", "The provider cannot be reached, or does not answer as it should. Try again, or sign in another way.")
    {
        RetryAfterSeconds = 30,
    };

    public static readonly Failure Untrusted = new(FailureKind.Unauthenticated, "PROVIDER_ANSWER_INVALID", "What the provider answered does not prove who you are. Start again.");

    public async Task<Outcome<Uri>> AddressAsync(OidcProvider provider, OidcSecrets secrets, string state, string redirect, CancellationToken cancellation)
    {
        if (await directory.MetadataAsync(provider, cancellation).ConfigureAwait(false) is not { } metadata)
            return Unreachable;
        var query = string.Join('&', new[]
        {
            ("response_type", "code"), ("client_id", provider.ClientId), ("redirect_uri", redirect), ("scope", "openid email profile"), ("state", state),
            ("nonce", secrets.Nonce), ("code_challenge", secrets.CodeChallenge), ("code_challenge_method", "S256"),
        }.Select(pair => $"{pair.Item1}={Uri.EscapeDataString(pair.Item2)}"));
        var address = metadata.Authorization.AbsoluteUri;
        return new Uri($"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}");
    }

    public async Task<Outcome<OidcPerson>> PersonAsync(OidcProvider provider, OidcSecrets secrets, string code, string redirect, CancellationToken cancellation)
    {
        if (await directory.MetadataAsync(provider, cancellation).ConfigureAwait(false) is not { } metadata
            || await http.ExchangeAsync(provider, metadata, code, secrets.Verifier, redirect, cancellation).ConfigureAwait(false) is not { } answer)
            return Unreachable;
        if (StrictJson.Object(answer) is not { } root || !StrictJson.TryText(root, "id_token", out var token) || token is null
            || await directory.VerifyAsync(provider, token, cancellation).ConfigureAwait(false) is not { } payload || JwtClaims.Read(payload) is not { } claims)
            return Untrusted;
        return Read(provider, secrets, claims) is { } person ? person : Untrusted;
    }

    // OpenID Connect Core 1.0, 3.1.3.7.
    private OidcPerson? Read(OidcProvider provider, OidcSecrets secrets, JwtClaims claims)
    {
        var azp = claims.Text("azp");
        if (!claims.Hold(provider.Issuer, provider.ClientId, clock.GetUtcNow(), Leeway) || (azp is not null && !string.Equals(azp, provider.ClientId, StringComparison.Ordinal))
            || !string.Equals(claims.Text("nonce"), secrets.Nonce, StringComparison.Ordinal) || claims.Text("sub") is not { Length: > 0 and <= LongestSubject } subject || subject.Contains('\0', StringComparison.Ordinal))
            return null;
        return new OidcPerson(provider.Issuer, subject, claims.Text("email"), claims.Flag("email_verified"), claims.Text("name"));
    }
}
