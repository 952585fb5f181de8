using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Foundation;
using Tollgate.Identity.ApiTokens;
using Tollgate.Identity.Sessions;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.Access;

/// <summary>
/// Who calls the control API: a bearer access token or API token, else the portal's cookie. A cookie alone changes nothing: unsafe methods also need the CSRF header.
/// The session is looked up each time, so that signing out ends access tokens at once.
/// </summary>
internal sealed class SessionAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, AccessTokens tokens, CallerStore callers,
    SessionStore sessions, ClientAddress addresses)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "tollgate";

    private const string Bearer = "Bearer ";
    private static readonly Failure CsrfInvalid = new(FailureKind.Forbidden, "CSRF_TOKEN_INVALID", "Send the value of the cookie tg_csrf (with https __Host-tg_csrf) in the header X-CSRF-Token.");
    private bool _csrfFailed;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        var byCookie = !header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase);
        var token = byCookie ? SessionCookies.Read(Context, SessionCookies.Access) : header[Bearer.Length..].Trim();
        if (string.IsNullOrEmpty(token))
            return AuthenticateResult.NoResult();
        if (!byCookie && token.StartsWith(ApiTokenText.Prefix, StringComparison.Ordinal))
            return await ByTokenAsync(token).ConfigureAwait(false);
        if (await tokens.ReadAsync(token, Context.RequestAborted).ConfigureAwait(false) is not { } ids)
            return AuthenticateResult.Fail("The access token is not genuine, or has expired.");
        if (byCookie && !SlowBody.IsSafe(Request.Method)
            && !await tokens.CsrfMatchesAsync(ids.SessionId, Request.Headers[SessionCookies.CsrfHeader].ToString(), Context.RequestAborted).ConfigureAwait(false))
        {
            _csrfFailed = true;
            return AuthenticateResult.Fail("CSRF token missing or wrong.");
        }
        if (await callers.LoadAsync(ids.AccountId, ids.SessionId, Context.RequestAborted).ConfigureAwait(false) is not { } loaded)
            return AuthenticateResult.Fail("The session has ended.");
        if (IsStale(loaded))
            await sessions.SeenAsync(ids.SessionId, addresses.Of(Context), Context.RequestAborted).ConfigureAwait(false);
        return Accept(loaded.Caller);
    }

    private async Task<AuthenticateResult> ByTokenAsync(string token)
    {
        if (ApiTokenText.DigestOf(token) is not { } digest || await callers.LoadByTokenAsync(digest, Context.RequestAborted).ConfigureAwait(false) is not { } loaded)
            return AuthenticateResult.Fail("The API token is not genuine, or has ended.");
        if (IsStale(loaded))
            await callers.TokenUsedAsync(loaded.Caller.Token!.Id, SessionStore.SeenEach, Context.RequestAborted).ConfigureAwait(false);
        return Accept(loaded.Caller);
    }

    private bool IsStale(LoadedCaller loaded) => loaded.SeenAt is not { } seen || TimeProvider.GetUtcNow() - seen >= SessionStore.SeenEach;

    private AuthenticateResult Accept(Caller caller)
    {
        Caller.Set(Context, caller);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, TypeId.Format("acc", caller.AccountId))], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_csrfFailed)
            return Problems.Result(CsrfInvalid).ExecuteAsync(Context);
        Response.Headers.WWWAuthenticate = "Bearer realm=\"tollgate\"";
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Caller.Of(Context) is { } caller && AccessRequirement.Of(Context)?.Refusal(caller) is { } refused
            ? Problems.Result(refused).ExecuteAsync(Context)
            : base.HandleForbiddenAsync(properties);
}
