using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Accounts;

namespace Tollgate.Identity.OpenIdConnect;

/// <summary>
/// Sign-in by outside providers, for browsers: a page asks for the provider's address and goes there; the provider sends the browser to the callback, which
/// always leads on to a page.
/// </summary>
internal static class OidcEndpoints
{
    private const string BindingCookie = "tg_provider";
    private const string SecurityPage = "/account";

    private static readonly Failure NoPublicUrl = new(FailureKind.Unavailable, "PROVIDER_UNAVAILABLE", "The setting Portal__PublicUrl is missing: the provider would not know where to send you back to.");
    private static readonly Failure NoProvider = Failure.NotFound("provider");

    public static void Map(IEndpointRouteBuilder routes)
    {
        var auth = routes.MapGroup("/auth").WithApiDefaults().WithTags("Accounts");
        auth.MapGet("/providers", Providers).WithName("listProviders").WithSummary("The outside providers that people can sign in by")
            .AllowAnonymous().RequireRateLimiting(AuthEndpoints.RefreshLimit).Produces<ProvidersResponse>();
        auth.MapPost("/providers/{provider}/sign-in", SignInAsync).WithName("signInByProvider").WithSummary("Where a browser goes to sign in by a provider; it comes back within ten minutes")
            .AllowAnonymous().RequireRateLimiting(AuthEndpoints.LoginLimit).Produces<OidcAddressResponse>().ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        auth.MapGet("/providers/{provider}/callback", CallbackAsync).WithName("returnFromProvider").WithSummary("Where a provider sends the browser back to; leads on to a page of the portal")
            .AllowAnonymous().RequireRateLimiting(AuthEndpoints.LoginLimit).Produces(StatusCodes.Status303SeeOther);
        auth.MapPost("/providers/{provider}/connect", ConnectAsync).WithName("connectProvider").WithSummary("Where a browser goes to be able to sign in by a provider from then on")
            .RequireSession().RequireShownFactor().RequireStepUp().RequireRateLimiting(AuthEndpoints.LoginLimit).Produces<OidcAddressResponse>();
        auth.MapGet("/identities", IdentitiesAsync).WithName("listIdentities").WithSummary("Who this account is at outside providers").RequireSession().Produces<OutsideIdentitiesResponse>();
        auth.MapDelete("/identities/{id}", DisconnectAsync).WithName("disconnectProvider").WithSummary("No longer sign in by a provider").RequireSession().RequireStepUp().Produces(StatusCodes.Status204NoContent);
    }

    private static IResult Providers(OidcProviders providers) => Results.Ok(new ProvidersResponse([.. providers.All.Select(provider => new ProviderResponse(provider.Id, provider.Name))]));

    private static Task<IResult> SignInAsync(string provider, OidcBeginRequest request, HttpContext context, OidcProviders providers, OidcSignIns signIns) =>
        BeginAsync(provider, null, request.Next ?? "/", context, providers, signIns);

    private static Task<IResult> ConnectAsync(string provider, Caller caller, HttpContext context, OidcProviders providers, OidcSignIns signIns) =>
        BeginAsync(provider, caller, SecurityPage, context, providers, signIns);

    private static async Task<IResult> BeginAsync(string id, Caller? connects, string next, HttpContext context, OidcProviders providers, OidcSignIns signIns)
    {
        if (providers.Find(id) is not { } provider)
            return Problems.Result(NoProvider);
        if (RedirectOf(provider, context, providers) is not { } redirect)
            return Problems.Result(NoPublicUrl);
        var begun = await signIns.BeginAsync(provider, connects, next, redirect, context.RequestAborted).ConfigureAwait(false);
        if (begun.Failure is { } failure)
            return Problems.Result(failure);
        SessionCookies.AppendForReturn(context, BindingCookie, begun.Value.Binding, "/auth/providers", OidcSignIns.Lifetime);
        return Results.Ok(new OidcAddressResponse(begun.Value.Address.AbsoluteUri));
    }

    private static async Task<IResult> CallbackAsync(string provider, HttpContext context, OidcProviders providers, OidcSignIns outside, SignIns signIns)
    {
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers.CacheControl = "no-store";
        if (providers.Find(provider) is not { } known || RedirectOf(known, context, providers) is not { } redirect)
            return SeeOther($"/sign-in?problem={NoProvider.Code}");
        var source = SignInSource.Of(context, browser: true);
        var back = await outside.EndAsync(known, OidcAnswer.Of(context.Request.Query), SessionCookies.Read(context, BindingCookie), redirect, source, context.RequestAborted).ConfigureAwait(false);
        SessionCookies.DeleteForReturn(context, BindingCookie, "/auth/providers");
        if (back.Step.Failure is { } failure)
            return SeeOther($"{(back.Next == SecurityPage ? SecurityPage : "/sign-in")}?problem={failure.Code}");
        if (back.Step.Value is not { } step)
            return SeeOther(back.Next);
        // Behind the #: no server's log has it.
        if (step.SecondFactor is { } asked)
            return SeeOther($"/sign-in?next={Uri.EscapeDataString(back.Next)}#second-factor={asked.Secret}");
        source.Remember(context, browser: true);
        await signIns.SetCookiesAsync(step.SignedIn!, context).ConfigureAwait(false);
        return SeeOther(back.Next);
    }

    private static async Task<IResult> IdentitiesAsync(Caller caller, IDatabase database, OidcProviders providers, CancellationToken cancellation)
    {
        var rows = await database.AsAppAsync(caller.Tenant, session => OutsideIdentityStore.ListAsync(session, caller.AccountId), cancellation).ConfigureAwait(false);
        return Results.Ok(new OutsideIdentitiesResponse([.. rows.Select(row => new OutsideIdentityResponse(
            TypeId.Format(OutsideIdentityStore.Prefix, row.Id), row.Provider, providers.Find(row.Provider)?.Name ?? row.Provider, row.Email, row.CreatedAt, row.LastUsedAt))]));
    }

    private static async Task<IResult> DisconnectAsync(string id, Caller caller, HttpContext context, OidcSignIns signIns) =>
        TypeId.TryParse(id, OutsideIdentityStore.Prefix, out var identity) && await signIns.DisconnectAsync(caller, identity, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false)
            ? Results.NoContent()
            : Problems.Result(Failure.NotFound("identity"));

    // A Host header is the client's word: it counts only where it cannot lead away from this machine.
    private static string? RedirectOf(OidcProvider provider, HttpContext context, OidcProviders providers)
    {
        var portal = providers.PublicUrl ?? (context.Request.Host.Host is "localhost" or "127.0.0.1" or "[::1]" ? new Uri($"{context.Request.Scheme}://{context.Request.Host}") : null);
        return portal is null ? null : new Uri(portal, $"/auth/providers/{provider.Id}/callback").AbsoluteUri;
    }

    private static IResult SeeOther(string path) => new SeeOtherResult(path);

    private sealed class SeeOtherResult(string path) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = path;
            return Task.CompletedTask;
        }
    }
}
