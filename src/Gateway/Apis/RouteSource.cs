using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tollgate.Foundation;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Apis;

internal sealed partial class RouteSource(UpstreamSecrets secrets, ILogger<RouteSource> logger) : IRouteSource
{
    // Unpublished APIs are served too: leaving the catalog ends no subscription. Archived ones have none left. Of a suspended provider nothing is.
    private const string Served = "a.status IN ('published', 'unpublished') AND NOT a.suspended AND (@apiIds::uuid[] IS NULL OR a.id = ANY (@apiIds))";

    public async Task<IReadOnlyList<ApiRoute>> LoadAsync(DbSession worker, Guid[]? apiIds)
    {
        const string apis = $"""
            SELECT a.id, a.organization_id, a.organization_slug, a.slug, a.host_name, a.version, u.upstream_url, u.upstreams::text AS upstreams, u.headers, u.signing_secret, u.timeout_ms, a.former_slugs
            FROM gateway.api a JOIN gateway.api_upstream u ON u.api_id = a.id
            WHERE {Served} ORDER BY a.id
            """;
        const string endpoints = $"""
            SELECT e.id, e.api_id, e.method, e.path FROM gateway.endpoint e JOIN gateway.api a ON a.id = e.api_id
            WHERE {Served} ORDER BY e.api_id, e.position
            """;
        var rows = await worker.QueryAsync<ApiRow>(apis, new { apiIds }).ConfigureAwait(false);
        var operations = (await worker.QueryAsync<EndpointRow>(endpoints, new { apiIds }).ConfigureAwait(false)).ToLookup(row => row.ApiId);
        return [.. rows.Select(row => ToRoute(row, operations[row.Id])).OfType<ApiRoute>()];
    }

    // One API whose secrets cannot be opened, or whose upstreams cannot be read, must not keep the others from being served.
    private ApiRoute? ToRoute(ApiRow row, IEnumerable<EndpointRow> endpoints)
    {
        try
        {
            return new ApiRoute(row.Id, row.OrganizationId, row.OrganizationSlug, row.Slug, row.HostName, row.Version, UpstreamPlan.Read(row.UpstreamUrl, row.Upstreams),
                secrets.OpenHeaders(row.Id, row.Headers), secrets.OpenSigningSecret(row.Id, row.SigningSecret), TimeSpan.FromMilliseconds(row.TimeoutMs),
                [.. endpoints.Select(endpoint => new OperationRoute(endpoint.Id, endpoint.Method, endpoint.Path))])
            { FormerSlugs = row.FormerSlugs };
        }
        catch (CryptographicException exception)
        {
            LogSealed(logger, exception, TypeId.Format("api", row.Id));
            return null;
        }
        catch (JsonException exception)
        {
            LogUnreadable(logger, exception, TypeId.Format("api", row.Id));
            return null;
        }
    }

    [LoggerMessage(501, LogLevel.Error, "The secrets of {Api} cannot be opened with this program's keys; it is not served")]
    private static partial void LogSealed(ILogger logger, Exception exception, string api);

    [LoggerMessage(502, LogLevel.Error, "The upstreams of {Api} cannot be read; it is not served")]
    private static partial void LogUnreadable(ILogger logger, Exception exception, string api);

    private sealed class ApiRow
    {
        public Guid Id { get; init; }

        public Guid OrganizationId { get; init; }

        public string OrganizationSlug { get; init; } = "";

        public string Slug { get; init; } = "";

        public string? HostName { get; init; }

        public int Version { get; init; }

        public string UpstreamUrl { get; init; } = "";

        public string? Upstreams { get; init; }

        public byte[] Headers { get; init; } = [];

        public byte[] SigningSecret { get; init; } = [];

        public int TimeoutMs { get; init; }

        public string[] FormerSlugs { get; init; } = [];
    }

    private sealed class EndpointRow
    {
        public Guid Id { get; init; }

        public Guid ApiId { get; init; }

        public string Method { get; init; } = "";

        public string Path { get; init; } = "";
    }
}
