using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Gateway.Apis;

/// <summary>The plans of an API. What a plan is, is Plans' matter; here it belongs to an API of the caller's.</summary>
internal sealed class ApiPlans(IDatabase database, IPlans plans, Publication publication, IChangeFeed feed, IAuditLog audit)
{
    public const string ProductKind = "api";

    public static async Task<IResult> ListAsync(string id, Caller caller, IDatabase database, IPlans plans, CancellationToken cancellation)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<ApiPlansResponse>> (session) =>
        {
            var api = await ApiStore.FindOwnAsync(session, caller, id).ConfigureAwait(false);
            return api.Failure is { } notFound
                ? notFound
                : new ApiPlansResponse([.. (await plans.OfProductAsync(session, api.Value.Id).ConfigureAwait(false)).Select(PlanResponse.From)]);
        }, cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }

    public static Task<IResult> CreateAsync(string id, PlanRequest request, Caller caller, HttpContext context, ApiPlans own) => own.RunAsync(caller, context, StatusCodes.Status201Created, async session =>
    {
        var api = await ApiStore.FindOwnAsync(session, caller, id, forUpdate: true).ConfigureAwait(false);
        if (api.Failure is { } notFound)
            return notFound;
        if (api.Value.State == ApiStatus.Archived)
            return Publication.Archived;
        var made = await own.Plans.CreateAsync(session, new Product(ProductKind, api.Value.Id, api.Value.OrganizationId), request.ToDraft()).ConfigureAwait(false);
        return made.Succeeded ? await own.AfterAsync(session, api.Value, AuditActor.Of(context), "plan.created", null, made.Value).ConfigureAwait(false) : made;
    });

    public static Task<IResult> ReviseAsync(string id, PlanRequest request, Caller caller, HttpContext context, ApiPlans own)
    {
        var expected = IfMatch.Require(context);
        return expected.Failure is { } missing
            ? Task.FromResult(Problems.Result(missing))
            : own.RunAsync(caller, context, StatusCodes.Status200OK, async session =>
            {
                var owned = await own.FindOwnAsync(session, caller, id).ConfigureAwait(false);
                if (owned.Failure is { } notFound)
                    return notFound;
                var revised = await own.Plans.ReviseAsync(session, owned.Value.Plan.Id, expected.Value, request.ToDraft()).ConfigureAwait(false);
                return revised.Succeeded ? await own.AfterAsync(session, owned.Value.Api, AuditActor.Of(context), "plan.revised", owned.Value.Plan, revised.Value).ConfigureAwait(false) : revised;
            });
    }

    public static Task<IResult> ArchiveAsync(string id, Caller caller, HttpContext context, ApiPlans own) => own.RunAsync(caller, context, StatusCodes.Status200OK, async session =>
    {
        var owned = await own.FindOwnAsync(session, caller, id).ConfigureAwait(false);
        if (owned.Failure is { } notFound)
            return notFound;
        var (api, plan) = owned.Value;
        var live = await own.Plans.OfProductAsync(session, api.Id).ConfigureAwait(false);
        if (api.State == ApiStatus.Published && live.All(other => other.Id == plan.Id))
            return Failure.Conflict("LAST_PLAN", "A published API needs a plan on offer. Add another one first, or unpublish the API.");
        var archived = await own.Plans.ArchiveAsync(session, plan.Id).ConfigureAwait(false);
        return archived.Succeeded ? await own.AfterAsync(session, api, AuditActor.Of(context), "plan.archived", plan, archived.Value).ConfigureAwait(false) : archived;
    });

    private IPlans Plans => plans;

    private async Task<IResult> RunAsync(Caller caller, HttpContext context, int status, Func<DbSession, Task<Outcome<Plan>>> work)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, work, context.RequestAborted).ConfigureAwait(false);
        if (outcome.Succeeded)
            await feed.AfterCommitAsync(context.RequestAborted).ConfigureAwait(false);
        return outcome.ToResult(plan =>
        {
            IfMatch.SetETag(context, plan.Version);
            return Results.Json(PlanResponse.From(plan), statusCode: status);
        });
    }

    // The API's row is locked, so that two edits of its plans, or an edit and an unpublication, come one after the other.
    private async Task<Outcome<(ApiRow Api, Plan Plan)>> FindOwnAsync(DbSession session, Caller caller, string id)
    {
        if (!TypeId.TryParse(id, "plan", out var planId) || await plans.FindAsync(session, planId).ConfigureAwait(false) is not { Product.Kind: ProductKind } plan)
            return Failure.NotFound("plan");
        var api = await ApiStore.FindOwnAsync(session, caller, TypeId.Format("api", plan.Product.Id), forUpdate: true).ConfigureAwait(false);
        if (api.Failure is { } failure)
            return failure.Kind == FailureKind.NotFound ? Failure.NotFound("plan") : failure;
        return (api.Value, plan);
    }

    private async Task<Outcome<Plan>> AfterAsync(DbSession session, ApiRow api, AuditActor actor, string action, Plan? before, Plan plan)
    {
        await audit.WriteAsync(session, actor, ApiAudit.PlanSet(action, before, plan)).ConfigureAwait(false);
        if (api.State != ApiStatus.Published)
            return plan;
        await plans.SetOnSaleAsync(session, api.Id, onSale: true).ConfigureAwait(false);
        await publication.RefreshAsync(session, api).ConfigureAwait(false);
        return plan.Archived ? plan : plan with { OnSale = true };
    }
}
