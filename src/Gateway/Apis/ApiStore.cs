using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Gateway.OpenApi;
using Tollgate.Identity;

namespace Tollgate.Gateway.Apis;

/// <summary>The rows of an API, as its provider reads and writes them.</summary>
internal sealed class ApiStore(UpstreamSecrets secrets, TimeProvider clock)
{
    // Published rows of others pass the row-level security too; here only the caller's own count.
    private const string SelectOwn = """
        SELECT a.id, a.organization_id, a.organization_slug, a.organization_name, a.slug, a.name, a.summary, a.description, a.category, a.tags, a.status, a.version,
               a.endpoint_count, a.created_at, a.updated_at, a.published_at, a.suspended, u.upstream_url, u.upstreams::text AS upstreams, u.header_names, u.headers, u.timeout_ms,
               d.spec_version, d.findings::text AS findings, d.has_errors
        FROM gateway.api a JOIN gateway.api_upstream u ON u.api_id = a.id JOIN gateway.api_document d ON d.api_id = a.id
        WHERE a.organization_id = ANY (foundation.current_organizations())
        """;

    /// <summary>An API of the caller's organizations: not found for a foreign one, forbidden without the permission.</summary>
    public static async Task<Outcome<ApiRow>> FindOwnAsync(DbSession session, Caller caller, string id, bool forUpdate = false)
    {
        if (!TypeId.TryParse(id, "api", out var apiId) || await FindAsync(session, apiId, forUpdate).ConfigureAwait(false) is not { } row)
            return Failure.NotFound("API");
        if (caller.Refusal(row.OrganizationId, "API") is { } refused)
            return refused;
        // The caller was read before the row's lock was waited for.
        return forUpdate && row.Suspended ? SuspendedOrganization.Refusal : row;
    }

    public static Task<ApiRow?> FindAsync(DbSession session, Guid apiId, bool forUpdate) =>
        session.QuerySingleOrDefaultAsync<ApiRow>($"{SelectOwn} AND a.id = @apiId {(forUpdate ? "FOR UPDATE OF a" : "")}", new { apiId });

    /// <summary>Newest first.</summary>
    public static Task<IReadOnlyList<ApiRow>> ListAsync(DbSession session, Guid[] organizationIds, int limit, Guid? after) => session.QueryAsync<ApiRow>(
        $"{SelectOwn} AND a.organization_id = ANY (@organizationIds) AND (@after::uuid IS NULL OR a.id < @after) ORDER BY a.id DESC LIMIT @limit",
        new { organizationIds, after, limit });

    public static Task<IReadOnlyList<EndpointRow>> EndpointsAsync(DbSession session, Guid apiId) => session.QueryAsync<EndpointRow>(
        "SELECT id, method, path, operation_id, summary, tag, deprecated FROM gateway.endpoint WHERE api_id = @apiId ORDER BY position", new { apiId });

    /// <summary>False when the organization has an API of this slug.</summary>
    public async Task<bool> InsertAsync(DbSession session, ApiRow api, byte[] signingSecret, Document document)
    {
        const string insertApi = """
            INSERT INTO gateway.api (id, organization_id, organization_slug, organization_name, slug, name, summary, description, category, tags, status, version,
                                     endpoint_count, created_at, updated_at)
            VALUES (@Id, @OrganizationId, @OrganizationSlug, @OrganizationName, @Slug, @Name, @Summary, @Description, @Category, @Tags, 'draft', 1,
                    @EndpointCount, @CreatedAt, @CreatedAt)
            ON CONFLICT DO NOTHING
            """;
        const string insertUpstream = """
            INSERT INTO gateway.api_upstream (api_id, organization_id, upstream_url, header_names, headers, signing_secret, timeout_ms, updated_at)
            VALUES (@Id, @OrganizationId, @UpstreamUrl, '{}', @headers, @signingSecret, @TimeoutMs, @CreatedAt)
            """;
        if (await session.ExecuteAsync(insertApi, api).ConfigureAwait(false) == 0)
            return false;
        await session.ExecuteAsync(insertUpstream, new
        {
            api.Id,
            api.OrganizationId,
            api.UpstreamUrl,
            headers = secrets.SealHeaders(api.Id, []),
            signingSecret = secrets.SealSigningSecret(api.Id, signingSecret),
            api.TimeoutMs,
            api.CreatedAt,
        }).ConfigureAwait(false);
        await SaveDocumentAsync(session, api.Id, api.OrganizationId, document).ConfigureAwait(false);
        return true;
    }

    /// <summary>Stores the document and brings the endpoints in step with it.</summary>
    public async Task SaveDocumentAsync(DbSession session, Guid apiId, Guid organizationId, Document document)
    {
        const string upsert = """
            INSERT INTO gateway.api_document (api_id, organization_id, document, media_type, spec_version, document_version, findings, has_errors, updated_at)
            VALUES (@apiId, @organizationId, @Bytes, @MediaType, @SpecVersion, @Version, @findings::jsonb, @HasErrors, @now)
            ON CONFLICT (api_id) DO UPDATE SET document = excluded.document, media_type = excluded.media_type, spec_version = excluded.spec_version,
              document_version = excluded.document_version, findings = excluded.findings, has_errors = excluded.has_errors, updated_at = excluded.updated_at
            """;
        var imported = document.Imported;
        await session.ExecuteAsync(upsert, new
        {
            apiId,
            organizationId,
            document.Bytes,
            document.MediaType,
            imported.SpecVersion,
            imported.Version,
            findings = JsonSerializer.Serialize(imported.Findings, Json.Options),
            imported.HasErrors,
            now = clock.GetUtcNow(),
        }).ConfigureAwait(false);
        await SaveEndpointsAsync(session, apiId, organizationId, imported.Operations).ConfigureAwait(false);
    }

    private async Task SaveEndpointsAsync(DbSession session, Guid apiId, Guid organizationId, IReadOnlyList<ImportedOperation> operations)
    {
        const string remove = "DELETE FROM gateway.endpoint WHERE api_id = @apiId AND id <> ALL (@ids)";
        const string upsert = """
            INSERT INTO gateway.endpoint (id, api_id, organization_id, position, method, path, operation_id, summary, tag, deprecated)
            SELECT o.id, @apiId, @organizationId, o.position, o.method, o.path, o.operation_id, o.summary, o.tag, o.deprecated
            FROM unnest(@ids, @methods, @paths, @operationIds, @summaries, @tags, @deprecated) WITH ORDINALITY
              AS o (id, method, path, operation_id, summary, tag, deprecated, position)
            ON CONFLICT (id) DO UPDATE SET position = excluded.position, operation_id = excluded.operation_id, summary = excluded.summary, tag = excluded.tag,
              deprecated = excluded.deprecated
            """;
        var known = (await EndpointsAsync(session, apiId).ConfigureAwait(false)).ToDictionary(row => (row.Method, row.Path), row => row.Id);
        var ids = operations.Select(operation => known.TryGetValue((operation.Method, operation.Path), out var id) ? id : TypeId.New(clock)).ToArray();
        await session.ExecuteAsync(remove, new { apiId, ids }).ConfigureAwait(false);
        await session.ExecuteAsync(upsert, new
        {
            apiId,
            organizationId,
            ids,
            methods = operations.Select(o => o.Method).ToArray(),
            paths = operations.Select(o => o.Path).ToArray(),
            operationIds = operations.Select(o => o.OperationId).ToArray(),
            summaries = operations.Select(o => o.Summary).ToArray(),
            tags = operations.Select(o => o.Tag).ToArray(),
            deprecated = operations.Select(o => o.Deprecated).ToArray(),
        }).ConfigureAwait(false);
    }

    /// <summary>The new state of an API that was read FOR UPDATE. The first publication is remembered.</summary>
    public async Task<ApiRow> SetStatusAsync(DbSession session, ApiRow row, ApiStatus status)
    {
        const string sql = """
            UPDATE gateway.api SET status = @status, updated_at = @now, published_at = CASE WHEN @status = 'published' THEN coalesce(published_at, @now) ELSE published_at END
            WHERE id = @Id
            """;
        await session.ExecuteAsync(sql, new { row.Id, status = status.ToString().ToLowerInvariant(), now = clock.GetUtcNow() }).ConfigureAwait(false);
        return (await FindAsync(session, row.Id, forUpdate: false).ConfigureAwait(false))!;
    }
}
