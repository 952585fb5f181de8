using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Apis;

/// <summary>
/// Draft: never on sale yet. Published: in the catalog, and served. Unpublished: out of the catalog and closed to new subscriptions, but served to those
/// who have one. Archived: gone from the gateway; possible only when nobody has a subscription.
/// </summary>
internal enum ApiStatus
{
    Draft,
    Published,
    Unpublished,
    Archived,
}

internal sealed class ApiRow
{
    public Guid Id { get; init; }

    public Guid OrganizationId { get; init; }

    public string OrganizationSlug { get; init; } = "";

    public string OrganizationName { get; init; } = "";

    public string Slug { get; init; } = "";

    public string Name { get; init; } = "";

    public string Summary { get; init; } = "";

    public string Description { get; init; } = "";

    public string Category { get; init; } = "";

    public string[] Tags { get; init; } = [];

    public string Status { get; init; } = "";

    public int Version { get; init; }

    public int EndpointCount { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>Its provider is: it is not served, and not on sale, whatever its status.</summary>
    public bool Suspended { get; init; }

    public string UpstreamUrl { get; init; } = "";

    public string? Upstreams { get; init; }

    public string[] HeaderNames { get; init; } = [];

    public byte[] Headers { get; init; } = [];

    public int TimeoutMs { get; init; }

    public string SpecVersion { get; init; } = "";

    public string Findings { get; init; } = "[]";

    public bool HasErrors { get; init; }

    public UpstreamPlan Plan => UpstreamPlan.Read(UpstreamUrl, Upstreams);

    public ApiStatus State => Enum.Parse<ApiStatus>(Status, ignoreCase: true);

    public IReadOnlyList<Finding> FindingList => JsonSerializer.Deserialize<List<Finding>>(Findings, Json.Options)!;

    public PublishedApi ToPublished() => new(Id, OrganizationId, OrganizationSlug, OrganizationName, Slug, Name, Summary, Description, Category, Tags, Version, EndpointCount,
        PublishedAt ?? throw new InvalidOperationException("It was never published."));
}

internal sealed class EndpointRow
{
    public Guid Id { get; init; }

    public string Method { get; init; } = "";

    public string Path { get; init; } = "";

    public string? OperationId { get; init; }

    public string? Summary { get; init; }

    public string? Tag { get; init; }

    public bool Deprecated { get; init; }
}
