using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Upstreams;
using Tollgate.Identity;

namespace Tollgate.Gateway.Apis;

internal static class CreateApi
{
    private const int SummaryLength = 160;

    public static async Task<IResult> HandleAsync(CreateApiRequest request, Caller caller, HttpContext context, IDatabase database, IOrganizations organizations, ApiStore store, IAuditLog audit,
        UpstreamAddressCheck addresses, LargeDocuments large, GatewayAddress gateway, TimeProvider clock)
    {
        var owner = caller.Organization(request.Organization);
        if (owner.Failure is { } notAllowed)
            return Problems.Result(notAllowed);
        if (await addresses.CheckAsync([("upstream_url", new Uri(request.UpstreamUrl!.Trim()))], context.RequestAborted).ConfigureAwait(false) is { } forbidden)
            return Problems.Result(forbidden);
        var document = await Document.OfAsync(request.Openapi, large, context.RequestAborted).ConfigureAwait(false);
        if (document.Failure is { } unreadable)
            return Problems.Result(unreadable);

        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<ApiResponse>> (session) =>
        {
            if (await organizations.HoldAsync(session, owner.Value.OrganizationId).ConfigureAwait(false) is not { } organization)
                return Failure.NotFound("organization");
            if (organization.Suspended)
                return SuspendedOrganization.Refusal;
            var draft = Draft(request, organization, document.Value!, clock);
            if (!await store.InsertAsync(session, draft, UpstreamSecrets.NewSigningSecret(), document.Value!).ConfigureAwait(false))
                return Failure.Conflict("SLUG_TAKEN", $"This organization has an API '{request.Slug}' already.");
            var row = (await ApiStore.FindAsync(session, draft.Id, forUpdate: false).ConfigureAwait(false))!;
            await audit.WriteAsync(session, AuditActor.Of(context), ApiAudit.Created(row)).ConfigureAwait(false);
            return ApiResponse.From(row, await ApiStore.EndpointsAsync(session, row.Id).ConfigureAwait(false), gateway);
        }, context.RequestAborted).ConfigureAwait(false);
        return outcome.ToResult(api =>
        {
            IfMatch.SetETag(context, api.Version);
            return Results.Created($"/api/apis/{api.Id}", api);
        });
    }

    private static ApiRow Draft(CreateApiRequest request, Organization owner, Document document, TimeProvider clock)
    {
        var description = request.Description?.Trim() ?? Plain.Text(document.Imported.Description?.Trim(), ApiFields.MaximumDescription) ?? "";
        return new ApiRow
        {
            Id = TypeId.New(clock),
            OrganizationId = owner.Id,
            OrganizationSlug = owner.Slug,
            OrganizationName = owner.Name,
            Slug = request.Slug!,
            Name = request.Name!.Trim(),
            Summary = request.Summary?.Trim() ?? FirstLine(document.Imported.Description),
            Description = description,
            Category = request.Category ?? ApiFields.DefaultCategory,
            Tags = ApiFields.CleanTags(request.Tags),
            EndpointCount = document.Imported.Operations.Count,
            UpstreamUrl = request.UpstreamUrl!.Trim(),
            TimeoutMs = ApiFields.DefaultTimeoutMs,
            CreatedAt = clock.GetUtcNow(),
        };
    }

    // Something to show in the catalog until the provider writes a better one.
    private static string FirstLine(string? description)
    {
        var line = (description ?? "").Split('\n').Select(part => part.Trim().TrimStart('#').Trim()).FirstOrDefault(part => part.Length > 0) ?? "";
        return Plain.Text(new string([.. line.Where(c => !char.IsControl(c))]), SummaryLength)!;
    }
}
