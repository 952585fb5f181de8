using System.Text.Json.Serialization;
using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Plans;

namespace Tollgate.Catalog.Discovery;

internal sealed record ListingOrganizationResponse(string Slug, string Name);

internal sealed record CategoryResponse(string Slug, string Name, long ListingCount);

internal sealed record CategoriesResponse(IReadOnlyList<CategoryResponse> Data);

internal sealed record ListingEndpointResponse(string Id, string Method, string Path, string? OperationId, string? Summary, string? Tag)
{
    public static ListingEndpointResponse From(EndpointSummary endpoint) => new(
        TypeId.Format("ep", endpoint.Id), endpoint.Method, endpoint.Path, endpoint.OperationId, endpoint.Summary, endpoint.Tag);
}

/// <summary>A listing in a list.</summary>
internal record ListingResponse(
    string ApiId, ListingOrganizationResponse Organization, string Slug, string Name, string Summary, string Category, IReadOnlyList<string> Tags,
    decimal? Rating, long RatingCount, PriceResponse? PriceFrom, bool FreePlan, int EndpointCount, long SubscriberCount, DateTimeOffset PublishedAt,
    double? LatencyMsP50, double? SuccessRate, [property: JsonPropertyName("requests_30d")] long Requests30d)
{
    public static ListingResponse From(ListingRow row) => new(
        TypeId.Format("api", row.ApiId), new ListingOrganizationResponse(row.OrganizationSlug, row.OrganizationName), row.Slug, row.Name, row.Summary, row.Category, row.Tags,
        row.Rating, row.RatingCount, PriceOf(row), row.FreePlan, row.EndpointCount, row.SubscriberCount, row.PublishedAt, row.Latency, row.SuccessRate, row.Requests);

    private static PriceResponse? PriceOf(ListingRow row) => row.PriceAmount is { } amount
        ? new PriceResponse(amount, row.PriceCurrency!, row.PriceInterval == "year" ? PriceInterval.Year : PriceInterval.Month)
        : null;
}

internal sealed record DiscoveryResponse(IReadOnlyList<ListingResponse> Data, bool HasMore, string? Next, long Total);

/// <summary>A listing on its own: all that somebody needs to decide and to begin.</summary>
internal sealed record ListingDetailResponse : ListingResponse
{
    public ListingDetailResponse(ListingResponse listing, string description, int version, string gatewayUrl, IReadOnlyList<ListingEndpointResponse> endpoints, IReadOnlyList<PlanResponse> plans)
        : base(listing)
    {
        Description = description;
        Version = version;
        GatewayUrl = gatewayUrl;
        Endpoints = endpoints;
        Plans = plans;
    }

    public string Description { get; }

    public int Version { get; }

    public string GatewayUrl { get; }

    public IReadOnlyList<ListingEndpointResponse> Endpoints { get; }

    public IReadOnlyList<PlanResponse> Plans { get; }
}
