using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Accounts;

internal static class AuthEndpoints
{
    public const string RegisterLimit = "register";
    public const string LoginLimit = "login";
    public const string RefreshLimit = "refresh";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var auth = routes.MapGroup("/auth").WithApiDefaults().WithTags("Accounts");
        auth.MapPost("/register", RegisterAsync).WithName("register").WithSummary("Make an account with its personal organization and sign in")
            .AllowAnonymous().RequireRateLimiting(RegisterLimit).Produces<SessionResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status409Conflict);
        auth.MapPost("/login", LoginAsync).WithName("login").WithSummary("Sign in with e-mail address and password")
            .AllowAnonymous().RequireRateLimiting(LoginLimit).Produces<SessionResponse>().Produces<SecondFactorResponse>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status401Unauthorized);
        auth.MapPost("/refresh", RefreshAsync).WithName("refreshSession").WithSummary("Exchange a refresh token for new tokens; each works once")
            .AllowAnonymous().RequireRateLimiting(RefreshLimit).Produces<SessionResponse>().ProducesProblem(StatusCodes.Status401Unauthorized);
        auth.MapPost("/logout", LogoutAsync).WithName("logout").WithSummary("End this session, or all sessions of the account")
            .AllowAnonymous().RequireRateLimiting(RefreshLimit).Produces(StatusCodes.Status204NoContent);
        var root = routes.MapGroup("").WithApiDefaults().WithTags("Accounts");
        root.MapGet("/me", MeAsync).WithName("getMe").WithSummary("Who is signed in, and the organizations of that account")
            .RequireAccount().Produces<MeResponse>();
        SignInEndpoints.Map(auth);
        AccountEndpoints.Map(auth, root);
    }

    private static async Task<IResult> RegisterAsync(RegisterRequest request, HttpContext context, Authentication authentication, SignIns signIns)
    {
        var source = SignInSource.Of(context);
        var outcome = await authentication.RegisterAsync(request.Email!, request.Name!, request.Password!, source, context.RequestAborted).ConfigureAwait(false);
        if (outcome.Failure is { } failure)
            return Problems.Result(failure);
        source.Remember(context);
        return await signIns.AnswerAsync(outcome.Value, context, SessionCookies.Wanted(context), StatusCodes.Status201Created).ConfigureAwait(false);
    }

    private static async Task<IResult> LoginAsync(LoginRequest request, HttpContext context, Authentication authentication, SignIns signIns)
    {
        var source = SignInSource.Of(context);
        var outcome = await authentication.LoginAsync(request.Email!, request.Password!, source, context.RequestAborted).ConfigureAwait(false);
        return await signIns.AnswerAsync(outcome, context, source).ConfigureAwait(false);
    }

    // SameSite=Strict keeps foreign pages from sending the cookie; the header that asks for cookies keeps a foreign form from reaching this at all.
    private static async Task<IResult> RefreshAsync(RefreshRequest? request, HttpContext context, Authentication authentication, SignIns signIns)
    {
        var cookies = request?.RefreshToken is null && SessionCookies.Wanted(context);
        var token = cookies ? SessionCookies.Read(context, SessionCookies.Refresh) : request?.RefreshToken;
        if (string.IsNullOrEmpty(token))
        {
            // What else there is of a session would have the portal ask again and again.
            if (cookies)
                SessionCookies.Clear(context);
            return Problems.Result(new Failure(FailureKind.Unauthenticated, "REFRESH_TOKEN_MISSING", "There is no session. Sign in."));
        }
        var outcome = await authentication.RefreshAsync(token, SignInSource.Of(context).Device, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false);
        if (outcome.Failure is not { } failure)
            return await signIns.AnswerAsync(outcome.Value, context, cookies, StatusCodes.Status200OK).ConfigureAwait(false);
        if (cookies)
            SessionCookies.Clear(context);
        return Problems.Result(failure);
    }

    // An API token is nobody's session: it ends none.
    private static async Task<IResult> LogoutAsync(RefreshRequest? request, HttpContext context, IDatabase database, SessionStore sessions, IAuditLog audit, bool everywhere = false)
    {
        var caller = Caller.Of(context) is { Token: null } known ? known : null;
        var token = request?.RefreshToken ?? (SessionCookies.Wanted(context) ? SessionCookies.Read(context, SessionCookies.Refresh) : null);
        var actor = AuditActor.Of(context);
        await database.AsWorkerAsync(async session =>
        {
            var sessionId = caller?.SessionId ?? (token is null ? null : await SessionStore.FindByTokenAsync(session, token).ConfigureAwait(false));
            if (everywhere && caller is not null)
            {
                var count = await sessions.EndAllAsync(session, caller.AccountId, "logout_everywhere").ConfigureAwait(false);
                await audit.WriteAsync(session, actor, new AuditChange("sessions.ended", TypeId.Format("acc", caller.AccountId), After: new { count })).ConfigureAwait(false);
            }
            else if (sessionId is { } id && await sessions.EndAsync(session, id, "logout").ConfigureAwait(false) > 0)
                await audit.WriteAsync(session, actor, new AuditChange("session.ended", TypeId.Format("ses", id))).ConfigureAwait(false);
            return true;
        }, context.RequestAborted).ConfigureAwait(false);
        if (SessionCookies.Wanted(context))
            SessionCookies.Clear(context);
        return Results.NoContent();
    }

    private static async Task<IResult> MeAsync(Caller caller, IDatabase database, CancellationToken cancellation)
    {
        var account = await database.AsAppAsync(caller.Tenant, session => AccountStore.GetAsync(session, caller.AccountId), cancellation).ConfigureAwait(false);
        return Results.Ok(new MeResponse(AccountResponse.From(account),
            [.. caller.Memberships.Select(m => new MembershipResponse(
                TypeId.Format("org", m.OrganizationId), m.Slug, m.Name, m.Role, RolePermissions.Of(m.Role), m.Personal, m.Suspended, m.SecondFactorMissing))],
            caller.Token is null ? new MeResponse.CurrentSession(TypeId.Format("ses", caller.SessionId)) : null));
    }
}
