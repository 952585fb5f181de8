using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity.Organizations;

namespace Tollgate.Identity.ApiTokens;

/// <param name="Scopes">`apis:write`, `usage:read`, …; writing includes reading.</param>
/// <param name="Organization">Id or slug of the one organization that it is for; all of the account's without it.</param>
/// <param name="ExpiresAt">At most a year ahead; it never expires without it.</param>
internal sealed record CreateApiTokenRequest(string? Name, IReadOnlyList<string?>? Scopes, string? Organization, DateTimeOffset? ExpiresAt) : IRequest
{
    public void Validate(Errors errors)
    {
        errors.Text("name", Name, 1, 100);
        errors.Text("organization", Organization, 0, 200);
        if (Scopes is not { Count: > 0 })
            errors.Add("scopes", "REQUIRED", "At least one scope.");
        else if (Scopes.Count > 50)
            errors.Add("scopes", "TOO_MANY", "Each scope once.");
        else
            for (var i = 0; i < Scopes.Count; i++)
                errors.Check(TokenScopes.Parse(Scopes[i]) is not null, $"scopes[{i}]", "UNKNOWN_VALUE", $"One of {string.Join(", ", TokenScopes.All)}.");
    }
}

/// <param name="Prefix">How it begins, to recognize it by.</param>
/// <param name="Account">Whose it is.</param>
/// <param name="SecondFactor">It was made in a session that had shown a second factor; without that, it does nothing in an organization that asks for one.</param>
internal sealed record ApiTokenResponse(
    string Id, string Name, string Prefix, IReadOnlyList<string> Scopes, string? OrganizationId, string Account, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt,
    bool SecondFactor)
{
    public static ApiTokenResponse From(ApiTokenRow row) => new(TypeId.Format("tok", row.Id), row.Name, row.Prefix, row.Scopes,
        row.OrganizationId is { } id ? TypeId.Format("org", id) : null, row.AccountName, row.CreatedAt, row.ExpiresAt, row.LastUsedAt, row.SecondFactor);
}

internal sealed record ApiTokensResponse(IReadOnlyList<ApiTokenResponse> Data);

/// <param name="Secret">Shown this once.</param>
internal sealed record CreatedApiTokenResponse(ApiTokenResponse Token, string Secret);

internal static class ApiTokenEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var own = routes.MapGroup("/api/tokens").WithApiDefaults().WithTags("API tokens");
        own.MapGet("", ListAsync).WithName("listApiTokens").RequireSession().WithSummary("Your API tokens, newest first; never their secrets").Produces<ApiTokensResponse>();
        own.MapPost("", CreateAsync).WithName("createApiToken").RequireSession().RequireStepUp().WithSummary("A new API token for the CLI or CI; its secret is shown this once").Idempotent()
            .Produces<CreatedApiTokenResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        own.MapDelete("/{id}", EndAsync).WithName("endApiToken").RequireSession().WithSummary("End an API token, at once")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
        var bound = routes.MapGroup("/api/organizations").WithApiDefaults().WithTags("API tokens").AddEndpointFilter(OrganizationEndpoints.RedirectFormerSlugAsync);
        bound.MapGet("/{organization}/tokens", ListBoundAsync).WithName("listOrganizationApiTokens").RequirePermission(Permission.ManageOrganization)
            .WithSummary("The API tokens that members have made for this organization alone")
            .Produces<ApiTokensResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
        bound.MapDelete("/{organization}/tokens/{token}", EndBoundAsync).WithName("endOrganizationApiToken").RequirePermission(Permission.ManageOrganization)
            .WithSummary("End a member's API token of this organization, at once")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ListAsync(Caller caller, IDatabase database, ApiTokenStore tokens, CancellationToken cancellation)
    {
        var rows = await database.AsAppAsync(caller.Tenant, session => tokens.OfAccountAsync(session, caller.AccountId), cancellation).ConfigureAwait(false);
        return Results.Ok(new ApiTokensResponse([.. rows.Select(ApiTokenResponse.From)]));
    }

    private static async Task<IResult> CreateAsync(
        CreateApiTokenRequest request, Caller caller, AuditActor actor, IDatabase database, ApiTokenStore tokens, TimeProvider clock, CancellationToken cancellation)
    {
        if (request.ExpiresAt is { } expires && (expires <= clock.GetUtcNow() || expires > clock.GetUtcNow().AddDays(366)))
            return Problems.Result(Failure.Invalid("expires_at", "OUT_OF_RANGE", "In the future, and at most a year ahead."));
        Guid? organization = null;
        if (!string.IsNullOrEmpty(request.Organization))
        {
            if (caller.MemberOf(request.Organization) is not { } membership)
                return Problems.Result(Failure.NotFound("organization"));
            if (membership.SecondFactorMissing)
                return Problems.Result(AccountConditions.SecondFactorRequired);
            organization = membership.OrganizationId;
        }
        TokenScope[] scopes = [.. request.Scopes!.Select(scope => TokenScopes.Parse(scope)!.Value)];
        var made = await database.AsAppAsync(caller.Tenant,
            session => tokens.CreateAsync(session, actor, caller, request.Name!.Trim(), scopes, organization, request.ExpiresAt), cancellation).ConfigureAwait(false);
        return made.ToResult(created => Results.Json(new CreatedApiTokenResponse(ApiTokenResponse.From(created.Row), created.Secret), statusCode: StatusCodes.Status201Created));
    }

    private static async Task<IResult> EndAsync(string id, Caller caller, AuditActor actor, IDatabase database, ApiTokenStore tokens, CancellationToken cancellation)
    {
        if (!TypeId.TryParse(id, "tok", out var token))
            return Problems.Result(Failure.NotFound("API token"));
        var ended = await database.AsAppAsync(caller.Tenant, session => tokens.EndAsync(session, actor, token, caller.AccountId, null), cancellation).ConfigureAwait(false);
        return ended.ToResult(_ => Results.NoContent());
    }

    private static async Task<IResult> ListBoundAsync(string organization, Caller caller, IDatabase database, ApiTokenStore tokens, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        var rows = await database.AsAppAsync(caller.Tenant, session => tokens.OfOrganizationAsync(session, found.Value.OrganizationId), cancellation).ConfigureAwait(false);
        return Results.Ok(new ApiTokensResponse([.. rows.Select(ApiTokenResponse.From)]));
    }

    private static async Task<IResult> EndBoundAsync(
        string organization, string token, Caller caller, AuditActor actor, IDatabase database, ApiTokenStore tokens, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        if (!TypeId.TryParse(token, "tok", out var id))
            return Problems.Result(Failure.NotFound("API token"));
        var ended = await database.AsAppAsync(caller.Tenant, session => tokens.EndAsync(session, actor, id, null, found.Value.OrganizationId), cancellation).ConfigureAwait(false);
        return ended.ToResult(_ => Results.NoContent());
    }
}
