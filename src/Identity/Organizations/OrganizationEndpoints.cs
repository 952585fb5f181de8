using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;

namespace Tollgate.Identity.Organizations;

internal static class OrganizationEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/organizations").WithApiDefaults().WithTags("Organizations").AddEndpointFilter(RedirectFormerSlugAsync);
        group.MapGet("", ListAsync).WithName("listOrganizations").RequireAccount(TokenScope.ReadOrganization).WithSummary("The organizations that you are a member of")
            .Produces<OrganizationsResponse>();
        group.MapPost("", CreateAsync).WithName("createOrganization").RequireAccount(TokenScope.WriteOrganization).WithSummary("Make an organization; you become its owner").Idempotent()
            .Produces<OrganizationDetailResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status409Conflict);
        group.MapGet("/{organization}", GetAsync).WithName("getOrganization").RequirePermission(Permission.View, TokenScope.ReadOrganization)
            .WithSummary("One of your organizations. A slug that it gave up answers 308 to where it is now").Produces<OrganizationDetailResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        group.MapPatch("/{organization}", EditAsync).WithName("editOrganization").RequirePermission(Permission.ManageOrganization)
            .WithSummary("Change name, slug or time zone, or ask a second factor of all members; what is absent stays")
            .Produces<OrganizationDetailResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        group.MapDelete("/{organization}", RemoveAsync).WithName("removeOrganization").RequirePermission(Permission.OwnOrganization).RequireStepUp()
            .WithSummary("Remove an organization that sells and subscribes to nothing any more")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        group.MapPost("/{organization}/transfer", TransferAsync).WithName("transferOrganization").RequirePermission(Permission.OwnOrganization).RequireStepUp()
            .WithSummary("Make a member owner in your place; you become admin")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        MemberEndpoints.Map(group);
        InvitationEndpoints.Map(group, routes.MapGroup("/api/invitations").WithApiDefaults().WithTags("Organizations"));
    }

    /// <summary>The path of a request that names the organization by a slug that it gave up, with the one of today.</summary>
    public static async ValueTask<object?> RedirectFormerSlugAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        if (context.GetRouteValue("organization") is string named && Caller.Of(context)?.Memberships.FirstOrDefault(m => m.FormerSlugs.Contains(named, StringComparer.Ordinal)) is { } membership)
        {
            var path = context.Request.Path.Value!.Split('/');
            path[3] = membership.Slug;
            return Results.Redirect(string.Join('/', path) + context.Request.QueryString, permanent: true, preserveMethod: true);
        }
        return await next(invocation).ConfigureAwait(false);
    }

    private static async Task<IResult> ListAsync(Caller caller, IDatabase database, CancellationToken cancellation) =>
        Results.Ok(new OrganizationsResponse(await ReadAsync(caller.Tenant, caller, [.. caller.Memberships.Select(m => m.OrganizationId)], database, cancellation).ConfigureAwait(false)));

    private static async Task<IResult> GetAsync(string organization, Caller caller, IDatabase database, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        return found.Failure is { } refused ? Problems.Result(refused) : await ShowAsync(caller, found.Value.OrganizationId, database, StatusCodes.Status200OK, cancellation).ConfigureAwait(false);
    }

    private static async Task<IResult> CreateAsync(
        CreateOrganizationRequest request, Caller caller, AuditActor actor, IDatabase database, OrganizationChanges changes, TimeProvider clock, CancellationToken cancellation)
    {
        if (caller.Token is { OrganizationId: not null })
            return Problems.Result(Failure.Forbidden("This API token is bound to one organization."));
        var id = TypeId.New(clock);
        var tenant = caller.Tenant with { OrganizationIds = [.. caller.Tenant.OrganizationIds, id] };
        var made = await database.AsAppAsync(tenant, session => changes.CreateAsync(session, actor, caller, id, request), cancellation).ConfigureAwait(false);
        return made.Failure is { } refused ? Problems.Result(refused) : await ShowAsync(caller, id, database, StatusCodes.Status201Created, cancellation).ConfigureAwait(false);
    }

    private static async Task<IResult> EditAsync(
        string organization, EditOrganizationRequest request, Caller caller, AuditActor actor, IDatabase database, OrganizationChanges changes, IChangeFeed feed, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        var id = found.Value.OrganizationId;
        var edited = await database.AsAppAsync(caller.Tenant, session => changes.EditAsync(session, actor, caller, id, request), cancellation).ConfigureAwait(false);
        if (edited.Failure is { } failure)
            return Problems.Result(failure);
        await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return await ShowAsync(caller, id, database, StatusCodes.Status200OK, cancellation).ConfigureAwait(false);
    }

    private static async Task<IResult> RemoveAsync(string organization, Caller caller, AuditActor actor, IDatabase database, OrganizationChanges changes, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        var removed = await database.AsAppAsync(caller.Tenant, session => changes.RemoveAsync(session, actor, found.Value), cancellation).ConfigureAwait(false);
        return removed.ToResult(_ => Results.NoContent());
    }

    private static async Task<IResult> TransferAsync(
        string organization, TransferOrganizationRequest request, Caller caller, AuditActor actor, IDatabase database, MemberChanges members, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        if (!TypeId.TryParse(request.Account, "acc", out var account))
            return Problems.Result(Failure.NotFound("member"));
        var transferred = await database.AsAppAsync(caller.Tenant, session => members.TransferAsync(session, actor, caller, found.Value, account), cancellation).ConfigureAwait(false);
        return transferred.ToResult(_ => Results.NoContent());
    }

    // Read anew: the caller knows its organizations as they were when the request came.
    private static async Task<IResult> ShowAsync(Caller caller, Guid id, IDatabase database, int status, CancellationToken cancellation)
    {
        var tenant = caller.Tenant with { OrganizationIds = [.. caller.Tenant.OrganizationIds, id] };
        var rows = await ReadAsync(tenant, caller, [id], database, cancellation).ConfigureAwait(false);
        return rows.Count == 1 ? Results.Json(rows[0], statusCode: status) : Problems.Result(Failure.NotFound("organization"));
    }

    private static async Task<IReadOnlyList<OrganizationDetailResponse>> ReadAsync(TenantContext tenant, Caller caller, IReadOnlyList<Guid> ids, IDatabase database, CancellationToken cancellation)
    {
        const string sql = """
            SELECT o.id, o.slug, o.name, o.time_zone, o.personal, o.created_at, m.role,
              ARRAY(SELECT s.slug FROM identity.organization_slug s WHERE s.organization_id = o.id AND s.retired_at IS NOT NULL ORDER BY s.retired_at DESC, s.slug) AS former,
              x.suspended_at, x.reason AS suspended_reason, o.require_second_factor
            FROM identity.organization o JOIN identity.member m ON m.organization_id = o.id AND m.account_id = @AccountId
            LEFT JOIN identity.suspension x ON x.organization_id = o.id
            WHERE o.id = ANY (@ids) AND o.removed_at IS NULL ORDER BY o.personal DESC, lower(o.name), o.id
            """;
        var rows = await database.AsAppAsync(tenant, session => session.QueryAsync<Row>(sql, new { caller.AccountId, ids = ids.ToArray() }), cancellation).ConfigureAwait(false);
        return [.. rows.Select(row => new OrganizationDetailResponse(TypeId.Format("org", row.Id), row.Slug, row.Name, row.TimeZone, row.Personal,
            row.RoleOf, RolePermissions.Of(row.RoleOf), row.Former, row.CreatedAt, SuspensionResponse.Of(row.SuspendedAt, row.SuspendedReason),
            row.RequireSecondFactor, caller.LacksSecondFactor(row.RequireSecondFactor)))];
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Slug { get; init; } = "";

        public string Name { get; init; } = "";

        public string TimeZone { get; init; } = "";

        public bool Personal { get; init; }

        public string Role { get; init; } = "";

        public OrganizationRole RoleOf => Enum.Parse<OrganizationRole>(Role, ignoreCase: true);

        public string[] Former { get; init; } = [];

        public DateTimeOffset? SuspendedAt { get; init; }

        public string? SuspendedReason { get; init; }

        public bool RequireSecondFactor { get; init; }

        public DateTimeOffset CreatedAt { get; init; }
    }
}
