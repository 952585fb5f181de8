using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Gateway.Upstreams;
using Tollgate.Identity;

namespace Tollgate.Gateway.Apis;

internal sealed class EditApi(IDatabase database, ApiStore store, UpstreamSecrets secrets, UpstreamAddressCheck addresses, LargeDocuments large, Publication publication, IChangeFeed feed, IAuditLog audit,
    GatewayAddress gateway, TimeProvider clock)
{
    public static async Task<IResult> HandleAsync(string id, EditApiRequest request, Caller caller, HttpContext context, EditApi edit)
    {
        var expected = IfMatch.Require(context);
        if (expected.Failure is { } missing)
            return Problems.Result(missing);
        var outcome = await edit.RunAsync(id, request, expected.Value, caller, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false);
        return outcome.ToResult(api =>
        {
            IfMatch.SetETag(context, api.Version);
            return Results.Ok(api);
        });
    }

    private async Task<Outcome<ApiResponse>> RunAsync(string id, EditApiRequest request, ExpectedVersion expected, Caller caller, AuditActor actor, CancellationToken cancellation)
    {
        if (request.UpstreamUrl is { } url && await addresses.CheckAsync([("upstream_url", new Uri(url.Trim()))], cancellation).ConfigureAwait(false) is { } forbidden)
            return forbidden;
        var document = await Document.OfAsync(request.Openapi, large, cancellation).ConfigureAwait(false);
        if (document.Failure is { } unreadable)
            return unreadable;
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<ApiResponse>> (session) =>
        {
            var found = await ApiStore.FindOwnAsync(session, caller, id, forUpdate: true).ConfigureAwait(false);
            if (found.Failure is { } notFound)
                return notFound;
            if (Refusal(found.Value, request, expected, document.Value) is { } refused)
                return refused;
            return await SaveAsync(session, found.Value, request, document.Value, actor).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
        if (outcome.Succeeded && outcome.Value.Status is ApiStatus.Published or ApiStatus.Unpublished)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return outcome;
    }

    private static Failure? Refusal(ApiRow row, EditApiRequest request, ExpectedVersion expected, Document? document)
    {
        if (row.State == ApiStatus.Archived)
            return Publication.Archived;
        if (!expected.Matches(row.Version))
            return IfMatch.Failed();
        if (request.UpstreamUrl is { } url && url.Trim() != row.UpstreamUrl && row.Plan.Targets.Count > 1)
            return Failure.Conflict("SEVERAL_UPSTREAMS", "This API has several upstreams. Change them with PUT /api/apis/{id}/upstreams.");
        // What is live at once must have been looked at, as publishing it would demand.
        return row.State == ApiStatus.Published && document?.Imported.HasErrors == true && request.AcceptFindings != true
            ? Publication.FindingsNotAccepted(document.Imported.Findings)
            : null;
    }

    private async Task<Outcome<ApiResponse>> SaveAsync(DbSession session, ApiRow row, EditApiRequest request, Document? document, AuditActor actor)
    {
        var headers = Headers(row, request.UpstreamHeaders);
        if (headers.Failure is { } unknownHeader)
            return unknownHeader;
        await UpdateApiAsync(session, row, request, document).ConfigureAwait(false);
        await UpdateUpstreamAsync(session, row, request, headers.Value).ConfigureAwait(false);
        if (document is not null)
            await store.SaveDocumentAsync(session, row.Id, row.OrganizationId, document).ConfigureAwait(false);
        var edited = (await ApiStore.FindAsync(session, row.Id, forUpdate: false).ConfigureAwait(false))!;
        await audit.WriteAsync(session, actor, ApiAudit.Edited(row, edited)).ConfigureAwait(false);
        await publication.RefreshAsync(session, edited).ConfigureAwait(false);
        return ApiResponse.From(edited, await ApiStore.EndpointsAsync(session, row.Id).ConfigureAwait(false), gateway);
    }

    private Task UpdateApiAsync(DbSession session, ApiRow row, EditApiRequest request, Document? document) => session.ExecuteAsync("""
        UPDATE gateway.api SET name = @name, summary = @summary, description = @description, category = @category, tags = @tags, endpoint_count = @endpointCount,
          version = version + 1, updated_at = @now
        WHERE id = @Id
        """, new
    {
        row.Id,
        name = request.Name?.Trim() ?? row.Name,
        summary = request.Summary?.Trim() ?? row.Summary,
        description = request.Description?.Trim() ?? row.Description,
        category = request.Category ?? row.Category,
        tags = request.Tags is null ? row.Tags : ApiFields.CleanTags(request.Tags),
        endpointCount = document?.Imported.Operations.Count ?? row.EndpointCount,
        now = clock.GetUtcNow(),
    });

    private async Task UpdateUpstreamAsync(DbSession session, ApiRow row, EditApiRequest request, IReadOnlyList<KeyValuePair<string, string>>? headers)
    {
        if (request.UpstreamUrl is null && request.TimeoutMs is null && headers is null)
            return;
        var plan = request.UpstreamUrl is { } url ? row.Plan.WithFirst(new Uri(url.Trim())) : row.Plan;
        await session.ExecuteAsync("""
            UPDATE gateway.api_upstream SET upstream_url = @url, upstreams = @upstreams::jsonb, timeout_ms = @timeout, header_names = @names, headers = @sealed, updated_at = @now
            WHERE api_id = @Id
            """, new
        {
            row.Id,
            url = plan.FirstUrl,
            upstreams = plan.Write(),
            timeout = request.TimeoutMs ?? row.TimeoutMs,
            names = headers?.Select(header => header.Key).ToArray() ?? row.HeaderNames,
            @sealed = headers is null ? row.Headers : secrets.SealHeaders(row.Id, headers),
            now = clock.GetUtcNow(),
        }).ConfigureAwait(false);
    }

    // Values are never shown, so a form that edits the list can only send names back for the ones that stay.
    private Outcome<IReadOnlyList<KeyValuePair<string, string>>?> Headers(ApiRow row, IReadOnlyList<UpstreamHeaderBody?>? wanted)
    {
        if (wanted is null)
            return (List<KeyValuePair<string, string>>?)null;
        var kept = wanted.Any(header => header!.Value is null)
            ? secrets.OpenHeaders(row.Id, row.Headers).ToDictionary(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase)
            : [];
        var errors = new Errors();
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var (index, header) in wanted.Index())
        {
            if ((header!.Value ?? kept.GetValueOrDefault(header.Name!)) is { } value)
                headers.Add(new(header.Name!, value));
            else
                errors.Add($"upstream_headers[{index}].value", "REQUIRED", "A new header needs a value.");
        }
        return errors.Any ? errors.ToFailure() : headers;
    }
}
