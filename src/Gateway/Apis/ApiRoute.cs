using Tollgate.Foundation;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Apis;

/// <summary>An operation of an API's document. <paramref name="Template"/> is its path as the document writes it (<c>/pets/{petId}</c>), <paramref name="Method"/> upper case.</summary>
internal sealed record OperationRoute(Guid Id, string Method, string Template);

/// <summary>All that the data plane needs to serve an API: an immutable row of its snapshot. Secrets are opened here, once, and never on the path of a call.</summary>
/// <param name="HostName">The API's own host name, or null.</param>
internal sealed record ApiRoute(
    Guid ApiId, Guid ProviderOrganizationId, string OrganizationSlug, string ApiSlug, string? HostName, int Version, UpstreamPlan Upstreams,
    IReadOnlyList<KeyValuePair<string, string>> UpstreamHeaders, byte[] SigningSecret, TimeSpan Timeout, IReadOnlyList<OperationRoute> Operations)
{
    /// <summary>Slugs that the organization gave up; calls to them still come here.</summary>
    public IReadOnlyList<string> FormerSlugs { get; init; } = [];
}

/// <summary>Where the data plane reads what it serves.</summary>
internal interface IRouteSource
{
    /// <summary>Topic of the change feed; the id is the API's. An edit of anything that an <see cref="ApiRoute"/> shows records a change of it.</summary>
    const string Topic = "api";

    /// <summary>
    /// All APIs that are served (null), or those among the named ones: published ones, and unpublished ones for the subscribers that they still have.
    /// An id that is missing in the answer is not served. Runs under the worker role.
    /// </summary>
    Task<IReadOnlyList<ApiRoute>> LoadAsync(DbSession worker, Guid[]? apiIds);
}
