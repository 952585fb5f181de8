using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Gateway.OpenApi;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Gateway.Apis;

internal static class ApiEndpoints
{
    // As JSON text a document grows by its escapes: 32 MiB of document is what the import itself holds to.
    private const long DocumentBodyLimit = OpenApiImport.MaximumBytes + OpenApiImport.MaximumBytes / 4;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var apis = routes.MapGroup("/api/apis").WithApiDefaults().WithTags("APIs");
        MapApis(apis);
        MapLimits(apis);
        MapUpstreams(apis);
        MapPublication(apis);
        MapPlans(apis, routes.MapGroup("/api/plans").WithApiDefaults().WithTags("Plans"));
    }

    private static void MapApis(RouteGroupBuilder apis)
    {
        apis.MapPost("", CreateApi.HandleAsync).WithName("createApi").RequirePermission(Permission.ManageApis).WithSummary("Import an API from its OpenAPI document, as a draft").WithBodyLimit(DocumentBodyLimit).RequireRateLimiting(LargeBodies.Name)
            .Idempotent().Produces<ApiResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status413PayloadTooLarge);
        apis.MapGet("", ReadApis.ListAsync).WithName("listApis").RequirePermission(Permission.View, TokenScope.ReadApis).WithSummary("Your APIs, newest first").Produces<Page<ApiListItemResponse>>().ProducesProblem(StatusCodes.Status404NotFound);
        apis.MapGet("/{id}", ReadApis.GetAsync).WithName("getApi").RequirePermission(Permission.View, TokenScope.ReadApis).WithSummary("One of your APIs with its endpoints and findings").Produces<ApiResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        apis.MapPatch("/{id}", EditApi.HandleAsync).WithName("editApi").RequirePermission(Permission.ManageApis).WithSummary("Change an API; what is absent stays").WithBodyLimit(DocumentBodyLimit).RequireRateLimiting(LargeBodies.Name)
            .Produces<ApiResponse>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed).ProducesProblem(StatusCodes.Status428PreconditionRequired);
        apis.MapGet("/{id}/openapi", ReadApis.DocumentAsync).WithName("getApiDocument").RequirePermission(Permission.View, TokenScope.ReadApis).WithSummary("The OpenAPI document, byte for byte")
            .Produces<string>(StatusCodes.Status200OK, "application/json", "application/yaml").ProducesProblem(StatusCodes.Status404NotFound);
        apis.MapGet("/{id}/signing-secret", ReadApis.SigningSecretAsync).WithName("getApiSigningSecret").RequirePermission(Permission.ManageApis).WithSummary("The secret that signs calls to the upstream, in base64")
            .Produces<SigningSecretResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static void MapLimits(RouteGroupBuilder apis)
    {
        apis.MapGet("/{id}/limits", ApiLimits.GetAsync).WithName("getApiLimits").RequirePermission(Permission.View, TokenScope.ReadApis).WithSummary("What an API takes from all consumers together")
            .Produces<ApiLimitsResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        apis.MapPut("/{id}/limits", ApiLimits.PutAsync).WithName("setApiLimits").RequirePermission(Permission.ManageApis).WithSummary("Protect an upstream: limits by second, minute and hour over all consumers")
            .Produces<ApiLimitsResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static void MapUpstreams(RouteGroupBuilder apis)
    {
        apis.MapGet("/{id}/upstreams", ApiUpstreams.GetAsync).WithName("getApiUpstreams").RequirePermission(Permission.View, TokenScope.ReadApis).WithSummary("The servers behind an API, and how this node sees them")
            .Produces<UpstreamsResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        apis.MapPut("/{id}/upstreams", ApiUpstreams.PutAsync).WithName("setApiUpstreams").RequirePermission(Permission.ManageApis).WithSummary("The servers behind an API, how calls are shared among them, and what is asked of their health")
            .Produces<UpstreamsResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed).ProducesProblem(StatusCodes.Status428PreconditionRequired);
    }

    private static void MapPublication(RouteGroupBuilder apis)
    {
        apis.MapPost("/{id}/publish", Publication.PublishAsync).WithName("publishApi").RequirePermission(Permission.ManageApis).RequireVerifiedEmail().WithSummary("Put an API on sale: into the catalog and the gateway")
            .Produces<ApiResponse>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        apis.MapPost("/{id}/unpublish", Publication.UnpublishAsync).WithName("unpublishApi").RequirePermission(Permission.ManageApis).WithSummary("Take an API off sale; existing subscriptions go on")
            .Produces<ApiResponse>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        apis.MapPost("/{id}/archive", Publication.ArchiveAsync).WithName("archiveApi").RequirePermission(Permission.ManageApis).WithSummary("End an API that has no subscribers")
            .Produces<ApiResponse>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static void MapPlans(RouteGroupBuilder apis, RouteGroupBuilder plans)
    {
        apis.MapGet("/{id}/plans", ApiPlans.ListAsync).WithTags("Plans").WithName("listApiPlans").RequirePermission(Permission.View, TokenScope.ReadApis).WithSummary("The plans of an API, cheapest first")
            .Produces<ApiPlansResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        apis.MapPost("/{id}/plans", ApiPlans.CreateAsync).WithTags("Plans").WithName("createApiPlan").RequirePermission(Permission.ManageApis).WithSummary("Offer a plan").Idempotent()
            .Produces<PlanResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        plans.MapPatch("/{id}", ApiPlans.ReviseAsync).WithName("revisePlan").RequirePermission(Permission.ManageApis).WithSummary("A new version of a plan; existing subscriptions keep theirs")
            .Produces<PlanResponse>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed).ProducesProblem(StatusCodes.Status428PreconditionRequired);
        plans.MapPost("/{id}/archive", ApiPlans.ArchiveAsync).WithName("archivePlan").RequirePermission(Permission.ManageApis).WithSummary("No new subscriptions to a plan; existing ones go on")
            .Produces<PlanResponse>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }
}
