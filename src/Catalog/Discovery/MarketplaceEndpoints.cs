using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Catalog.Discovery;

/// <summary>The marketplace for everybody. It reads as nobody, even for who is signed in: all see the same.</summary>
internal static class MarketplaceEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var group = routes.MapGroup("/marketplace").WithTags("Marketplace").AllowAnonymous().RequireRateLimiting(AddressLimits.Public);
        group.MapGet("/discover", DiscoverAsync).WithName("discoverListings").WithSummary("Search and browse what is on sale")
            .WithDescription("sort: relevance (with q, the default), popular (without), rating, newest or price.").Produces<DiscoveryResponse>();
        group.MapGet("/categories", CategoriesAsync).WithName("listCategories").WithSummary("The categories, with how much is in each").Produces<CategoriesResponse>();
        group.MapGet("/listings/{organization}/{api}", GetAsync).WithName("getListing").WithSummary("An API with its endpoints and plans")
            .Produces<ListingDetailResponse>().ProducesProblem(StatusCodes.Status404NotFound, Problems.ContentType);
        group.MapGet("/listings/{organization}/{api}/openapi", GetDocumentAsync).WithName("getListingDocument").WithSummary("The API's OpenAPI document, byte for byte")
            .Produces<object>(StatusCodes.Status200OK, "application/json", "application/yaml").ProducesProblem(StatusCodes.Status404NotFound, Problems.ContentType);
    }

    private static async Task<IResult> DiscoverAsync(
        [AsParameters] DiscoveryParameters parameters, IDatabase database, CancellationToken cancellation)
    {
        var query = parameters.Query;
        var response = await database.AsAppAsync(TenantContext.Nobody, async session =>
        {
            var page = await ListingStore.DiscoverAsync(session, query).ConfigureAwait(false);
            var total = await ListingStore.CountAsync(session, query).ConfigureAwait(false);
            return new DiscoveryResponse([.. page.Data.Select(ListingResponse.From)], page.HasMore, page.Next, total);
        }, cancellation).ConfigureAwait(false);
        return Results.Ok(response);
    }

    private static async Task<IResult> CategoriesAsync(IDatabase database, CancellationToken cancellation) =>
        Results.Ok(new CategoriesResponse(await database.AsAppAsync(TenantContext.Nobody, ListingStore.CategoriesAsync, cancellation).ConfigureAwait(false)));

    private static async Task<IResult> GetAsync(
        string organization, string api, IDatabase database, IPlans plans, IPublishedApis apis, IFormerSlugs former, CancellationToken cancellation)
    {
        var outcome = await database.AsAppAsync(TenantContext.Nobody, async session =>
        {
            var row = await ListingStore.FindAsync(session, organization, api).ConfigureAwait(false);
            if (row is null)
                return Failure.NotFound("listing");
            var endpoints = await apis.EndpointsAsync(session, row.ApiId).ConfigureAwait(false);
            var offers = await plans.OfProductAsync(session, row.ApiId).ConfigureAwait(false);
            return (Outcome<ListingDetailResponse>)new ListingDetailResponse(
                ListingResponse.From(row), row.Description, row.Version, apis.GatewayUrl(row.OrganizationSlug, row.Slug),
                [.. endpoints.Select(ListingEndpointResponse.From)], [.. offers.Select(PlanResponse.From)]);
        }, cancellation).ConfigureAwait(false);
        return outcome.Succeeded ? Results.Ok(outcome.Value) : await ElsewhereAsync(organization, api, "", former, cancellation).ConfigureAwait(false);
    }

    // Links that name a slug that the organization gave up lead on.
    private static async Task<IResult> ElsewhereAsync(string organization, string api, string rest, IFormerSlugs former, CancellationToken cancellation) =>
        await former.FindAsync(organization, cancellation).ConfigureAwait(false) is { } slug
            ? Results.Redirect($"/marketplace/listings/{slug}/{Uri.EscapeDataString(api)}{rest}", permanent: true, preserveMethod: true)
            : Problems.Result(Failure.NotFound("listing"));

    private static async Task<IResult> GetDocumentAsync(
        string organization, string api, IDatabase database, IPublishedApis apis, IFormerSlugs former, CancellationToken cancellation)
    {
        var document = await database.AsAppAsync(TenantContext.Nobody, async session =>
            await ListingStore.FindAsync(session, organization, api).ConfigureAwait(false) is { } row
                ? await apis.DocumentAsync(session, row.ApiId).ConfigureAwait(false)
                : null, cancellation).ConfigureAwait(false);
        return document is { } found ? Results.Bytes(found.Document, found.MediaType) : await ElsewhereAsync(organization, api, "/openapi", former, cancellation).ConfigureAwait(false);
    }
}
