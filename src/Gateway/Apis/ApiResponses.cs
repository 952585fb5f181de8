using Tollgate.Foundation;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Apis;

internal sealed record ApiOrganizationResponse(string Id, string Slug, string Name);

internal sealed record UpstreamHeaderResponse(string Name);

internal sealed record ApiEndpointResponse(string Id, string Method, string Path, string? OperationId, string? Summary, string? Tag, bool Deprecated)
{
    public static ApiEndpointResponse From(EndpointRow row) => new(TypeId.Format("ep", row.Id), row.Method, row.Path, row.OperationId, row.Summary, row.Tag, row.Deprecated);
}

internal sealed record FindingResponse(FindingSeverity Severity, string Path, int? Line, string Message);

/// <summary>An API as its provider sees it. The values of upstream headers are never shown again.</summary>
internal sealed record ApiResponse(
    string Id, string Slug, string Name, string Summary, string Description, string Category, IReadOnlyList<string> Tags, ApiStatus Status, int Version,
    ApiOrganizationResponse Organization, string UpstreamUrl, IReadOnlyList<UpstreamHeaderResponse> UpstreamHeaders, int TimeoutMs, string SpecVersion,
    IReadOnlyList<ApiEndpointResponse> Endpoints, IReadOnlyList<FindingResponse> Findings, string GatewayUrl,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? PublishedAt)
{
    public static ApiResponse From(ApiRow row, IReadOnlyList<EndpointRow> endpoints, GatewayAddress address) => new(
        TypeId.Format("api", row.Id), row.Slug, row.Name, row.Summary, row.Description, row.Category, row.Tags, row.State, row.Version,
        new ApiOrganizationResponse(TypeId.Format("org", row.OrganizationId), row.OrganizationSlug, row.OrganizationName),
        row.UpstreamUrl, [.. row.HeaderNames.Select(name => new UpstreamHeaderResponse(name))], row.TimeoutMs, row.SpecVersion,
        [.. endpoints.Select(ApiEndpointResponse.From)], [.. row.FindingList.Select(finding => new FindingResponse(finding.Severity, finding.Path, finding.Line, finding.Message))],
        address.Of(row.OrganizationSlug, row.Slug), row.CreatedAt, row.UpdatedAt, row.PublishedAt);
}

internal sealed record ApiListItemResponse(
    string Id, string Slug, string Name, string Summary, string Category, IReadOnlyList<string> Tags, ApiStatus Status, int Version,
    ApiOrganizationResponse Organization, string UpstreamUrl, int EndpointCount, int PlanCount, long SubscriberCount, string GatewayUrl,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? PublishedAt)
{
    public static ApiListItemResponse From(ApiRow row, int planCount, long subscriberCount, GatewayAddress address) => new(
        TypeId.Format("api", row.Id), row.Slug, row.Name, row.Summary, row.Category, row.Tags, row.State, row.Version,
        new ApiOrganizationResponse(TypeId.Format("org", row.OrganizationId), row.OrganizationSlug, row.OrganizationName),
        row.UpstreamUrl, row.EndpointCount, planCount, subscriberCount, address.Of(row.OrganizationSlug, row.Slug), row.CreatedAt, row.UpdatedAt, row.PublishedAt);
}

internal sealed record SigningSecretResponse(string Secret);

internal sealed record ApiPlansResponse(IReadOnlyList<Plans.PlanResponse> Data);
