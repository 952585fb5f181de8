using Tollgate.Foundation;

namespace Tollgate.Gateway;

/// <summary>An API as the catalog may show it.</summary>
public sealed record PublishedApi(
    Guid Id, Guid OrganizationId, string OrganizationSlug, string OrganizationName, string Slug, string Name, string Summary, string Description,
    string Category, IReadOnlyList<string> Tags, int Version, int EndpointCount, DateTimeOffset PublishedAt);

/// <summary>Joins in when an API goes on or off sale, in the same transaction. The catalog keeps its listing by it.</summary>
public interface IApiPublicationStep
{
    Task PublishedAsync(DbSession session, PublishedApi api);

    Task UnpublishedAsync(DbSession session, Guid apiId);
}

public sealed record EndpointSummary(Guid Id, string Method, string Path, string? OperationId, string? Summary, string? Tag);

/// <summary>Public facts of published APIs, for the catalog.</summary>
public interface IPublishedApis
{
    Task<IReadOnlyList<EndpointSummary>> EndpointsAsync(DbSession session, Guid apiId);

    /// <summary>The document as it was uploaded, byte for byte, with its media type; null when it is not published.</summary>
    Task<(byte[] Document, string MediaType)?> DocumentAsync(DbSession session, Guid apiId);

    /// <summary>The address under which the gateway serves it.</summary>
    string GatewayUrl(string organizationSlug, string apiSlug);
}
