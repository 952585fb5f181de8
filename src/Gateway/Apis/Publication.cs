using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Gateway.OpenApi;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Gateway.Apis;

/// <summary>Puts an API on sale and takes it off: its status, its plans and what other modules keep of it change in one transaction.</summary>
internal sealed class Publication(IDatabase database, ApiStore store, IPlans plans, IOrganizations organizations, IEnumerable<IApiPublicationStep> steps, IChangeFeed feed, GatewayAddress gateway, IAuditLog audit)
{
    public static Failure Archived { get; } = Failure.Conflict("API_ARCHIVED", "This API is archived and cannot be changed any more.");

    public static Failure FindingsNotAccepted(IReadOnlyList<Finding> findings)
    {
        var errors = findings.Where(finding => finding.Severity == FindingSeverity.Error).ToList();
        return new Failure(FailureKind.Invalid, "FINDINGS_NOT_ACCEPTED",
            $"The document has {errors.Count} finding{(errors.Count == 1 ? "" : "s")} of severity error. Correct it, or accept with `accept_findings: true`.",
            [.. errors.Take(20).Select(finding => new FieldError(finding.Path, "OPENAPI_FINDING", finding.Message))]);
    }

    public static async Task<IResult> PublishAsync(string id, PublishApiRequest? request, Caller caller, HttpContext context, Publication publication) => await publication.ChangeAsync(
        id, caller, context, (session, row) => publication.PublishAsync(session, row, request?.AcceptFindings == true), holdsOrganization: true).ConfigureAwait(false);

    public static Task<IResult> UnpublishAsync(string id, Caller caller, HttpContext context, Publication publication) =>
        publication.ChangeAsync(id, caller, context, publication.UnpublishAsync);

    public static Task<IResult> ArchiveAsync(string id, Caller caller, HttpContext context, Publication publication) =>
        publication.ChangeAsync(id, caller, context, publication.ArchiveAsync);

    /// <summary>Tells the other modules of an edit. Nothing to tell of an API that is not published, or whose provider is suspended.</summary>
    public async Task RefreshAsync(DbSession session, ApiRow row)
    {
        if (row.State != ApiStatus.Published || row.Suspended)
            return;
        foreach (var step in steps)
            await step.PublishedAsync(session, row.ToPublished()).ConfigureAwait(false);
    }

    /// <summary>Of an API whose provider was suspended, or is no longer: its status stays, its sale does not.</summary>
    public async Task SetSuspendedAsync(DbSession session, ApiRow row)
    {
        if (row.State != ApiStatus.Published)
            return;
        await plans.SetOnSaleAsync(session, row.Id, onSale: !row.Suspended).ConfigureAwait(false);
        await RefreshAsync(session, row).ConfigureAwait(false);
        if (row.Suspended)
            foreach (var step in steps)
                await step.UnpublishedAsync(session, row.Id).ConfigureAwait(false);
    }

    private async Task<IResult> ChangeAsync(string id, Caller caller, HttpContext context, Func<DbSession, ApiRow, Task<Outcome<ApiRow>>> change, bool holdsOrganization = false)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<ApiResponse>> (session) =>
        {
            // Before the row, as whoever suspends the organization does: what is on sale keeps it from being removed.
            if (holdsOrganization && await ApiStore.FindOwnAsync(session, caller, id).ConfigureAwait(false) is { Succeeded: true } seen
                && await organizations.HoldAsync(session, seen.Value.OrganizationId).ConfigureAwait(false) is null)
                return Failure.NotFound("API");
            var found = await ApiStore.FindOwnAsync(session, caller, id, forUpdate: true).ConfigureAwait(false);
            var changed = found.Failure is { } notFound ? notFound : await change(session, found.Value).ConfigureAwait(false);
            if (changed.Failure is { } refused)
                return refused;
            if (changed.Value.State != found.Value.State)
                await audit.WriteAsync(session, AuditActor.Of(context), ApiAudit.StatusSet(found.Value, changed.Value)).ConfigureAwait(false);
            return ApiResponse.From(changed.Value, await ApiStore.EndpointsAsync(session, changed.Value.Id).ConfigureAwait(false), gateway);
        }, context.RequestAborted).ConfigureAwait(false);
        if (outcome.Succeeded)
            await feed.AfterCommitAsync(context.RequestAborted).ConfigureAwait(false);
        return outcome.ToResult(api =>
        {
            IfMatch.SetETag(context, api.Version);
            return Results.Ok(api);
        });
    }

    private async Task<Outcome<ApiRow>> PublishAsync(DbSession session, ApiRow row, bool acceptFindings)
    {
        if (row.State == ApiStatus.Archived)
            return Archived;
        if ((await plans.OfProductAsync(session, row.Id).ConfigureAwait(false)).Count == 0)
            return new Failure(FailureKind.Invalid, "NO_PLAN", "Give the API a plan first: without one nobody could subscribe.");
        if (row.HasErrors && !acceptFindings)
            return FindingsNotAccepted(row.FindingList);
        await plans.SetOnSaleAsync(session, row.Id, onSale: true).ConfigureAwait(false);
        var published = await store.SetStatusAsync(session, row, ApiStatus.Published).ConfigureAwait(false);
        await RefreshAsync(session, published).ConfigureAwait(false);
        return published;
    }

    private async Task<Outcome<ApiRow>> UnpublishAsync(DbSession session, ApiRow row)
    {
        if (row.State == ApiStatus.Archived)
            return Archived;
        if (row.State != ApiStatus.Published)
            return row.State == ApiStatus.Unpublished ? row : Failure.Conflict("API_NOT_PUBLISHED", "This API is a draft: it was not published yet.");
        return await WithdrawAsync(session, row, ApiStatus.Unpublished).ConfigureAwait(false);
    }

    private async Task<Outcome<ApiRow>> ArchiveAsync(DbSession session, ApiRow row)
    {
        if (row.State == ApiStatus.Archived)
            return row;
        // The sale is closed first: who subscribes at this moment is either counted below, or finds it closed.
        var archived = await WithdrawAsync(session, row, ApiStatus.Archived).ConfigureAwait(false);
        var subscribers = await plans.CountSubscribersAsync(session, row.Id).ConfigureAwait(false);
        return subscribers == 0
            ? archived
            : Failure.Conflict("API_HAS_SUBSCRIBERS", $"{subscribers} subscription{(subscribers == 1 ? " is" : "s are")} live. Unpublish it, so that no new ones come, and archive it when they have ended.");
    }

    private async Task<ApiRow> WithdrawAsync(DbSession session, ApiRow row, ApiStatus status)
    {
        await plans.SetOnSaleAsync(session, row.Id, onSale: false).ConfigureAwait(false);
        foreach (var step in steps)
            await step.UnpublishedAsync(session, row.Id).ConfigureAwait(false);
        return await store.SetStatusAsync(session, row, status).ConfigureAwait(false);
    }
}
