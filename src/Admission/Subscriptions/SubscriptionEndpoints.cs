using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Tollgate.Admission.Keys;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Admission.Subscriptions;

internal static class SubscriptionEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/subscriptions", SubscribeAsync).WithName("createSubscription").RequirePermission(Permission.ManageSubscriptions).WithTags("Subscriptions")
            .WithSummary("Subscribes an organization to a plan, with a first key whose secret is shown this once")
            .Produces<SubscriptionResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .Idempotent();
        routes.MapGet("/api/subscriptions", ListAsync).WithName("listSubscriptions").RequirePermission(Permission.View, TokenScope.ReadSubscriptions).WithTags("Subscriptions").WithSummary("Subscriptions of one or all of your organizations, newest first")
            .Produces<Page<SubscriptionResponse>>();
        routes.MapGet("/api/subscriptions/{id}", GetAsync).WithName("getSubscription").RequirePermission(Permission.View, TokenScope.ReadSubscriptions).WithTags("Subscriptions").WithSummary("A subscription with what is left of its allowances")
            .Produces<SubscriptionResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        routes.MapDelete("/api/subscriptions/{id}", CancelAsync).WithName("cancelSubscription").RequirePermission(Permission.ManageSubscriptions).WithTags("Subscriptions").WithSummary("Ends a subscription now; canceling twice is no error")
            .Produces<SubscriptionResponse>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> SubscribeAsync(
        SubscribeRequest request, Caller caller, AuditActor actor, IAuditLog audit, IDatabase database, ISubscriptions subscriptions, KeyStore keys, ProductNames names, IChangeFeed feed,
        CancellationToken cancellation)
    {
        if (!TypeId.TryParse(request.PlanId, "plan", out var planId))
            return Problems.Result(Failure.NotFound("plan"));
        var organization = caller.Organization(request.Organization);
        if (organization.Failure is { } refused)
            return Problems.Result(refused);
        var outcome = await database.AsAppAsync(caller.Tenant, async session =>
        {
            var subscribed = await subscriptions.SubscribeAsync(session, organization.Value.OrganizationId, planId).ConfigureAwait(false);
            if (subscribed.Failure is { } failure)
                return (Outcome<SubscriptionResponse>)failure;
            var created = await keys.CreateAsync(session, subscribed.Value, new KeyDraft("Default", null, null, null), caller.AccountId).ConfigureAwait(false);
            if (created.Failure is { } tooMany)
                return tooMany;
            var (key, secret) = created.Value;
            await audit.WriteAsync(session, actor, SubscriptionChange("subscription.created", subscribed.Value)).ConfigureAwait(false);
            await audit.WriteAsync(session, actor, KeyAudit.Created(key)).ConfigureAwait(false);
            var response = SubscriptionResponse.From(subscribed.Value, await names.OfAsync(session, [subscribed.Value]).ConfigureAwait(false));
            return response with { Key = new FirstKeyResponse(TypeId.Format("key", key.Id), key.Prefix, secret) };
        }, cancellation).ConfigureAwait(false);
        if (outcome.Succeeded)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return outcome.ToResult(subscription => Results.Created($"/api/subscriptions/{subscription.Id}", subscription));
    }

    private static async Task<IResult> ListAsync(
        [AsParameters] SubscriptionListParameters list, Caller caller, IDatabase database, ISubscriptions subscriptions, ProductNames names, CancellationToken cancellation)
    {
        IReadOnlyList<Guid> organizations = caller.Tenant.OrganizationIds;
        if (!string.IsNullOrEmpty(list.Organization))
        {
            var one = caller.Organization(list.Organization);
            if (one.Failure is { } failure)
                return Problems.Result(failure);
            organizations = [one.Value.OrganizationId];
        }
        var page = await database.AsAppAsync(caller.Tenant, async session =>
        {
            var rows = await subscriptions.ListAsync(session, organizations, list.Count + 1, list.Last).ConfigureAwait(false);
            var cut = Page<Subscription>.Cut(rows, list.Count, subscription => subscription.Id.ToString());
            var known = await names.OfAsync(session, cut.Data).ConfigureAwait(false);
            return new Page<SubscriptionResponse>([.. cut.Data.Select(subscription => SubscriptionResponse.From(subscription, known))], cut.HasMore, cut.Next);
        }, cancellation).ConfigureAwait(false);
        return Results.Ok(page);
    }

    private static async Task<IResult> GetAsync(
        string id, Caller caller, IDatabase database, ISubscriptions subscriptions, ProductNames names, AllowanceUsage usage, CancellationToken cancellation)
    {
        Guid subscriptionId = default;
        var outcome = await database.AsAppAsync(caller.Tenant, async session =>
        {
            var found = await OwnSubscription.FindAsync(session, subscriptions, caller, id).ConfigureAwait(false);
            if (found.Failure is { } failure)
                return (Outcome<SubscriptionResponse>)failure;
            subscriptionId = found.Value.Id;
            return SubscriptionResponse.From(found.Value, await names.OfAsync(session, [found.Value]).ConfigureAwait(false));
        }, cancellation).ConfigureAwait(false);
        if (!outcome.Succeeded)
            return outcome.ToResult(Results.Ok);
        return Results.Ok(outcome.Value with { Usage = await usage.OfAsync(subscriptionId, cancellation).ConfigureAwait(false) });
    }

    private static async Task<IResult> CancelAsync(
        string id, Caller caller, AuditActor actor, IAuditLog audit, IDatabase database, ISubscriptions subscriptions, ProductNames names, IChangeFeed feed, CancellationToken cancellation)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, async session =>
        {
            var found = await OwnSubscription.FindAsync(session, subscriptions, caller, id).ConfigureAwait(false);
            if (found.Failure is { } failure)
                return (Outcome<SubscriptionResponse>)failure;
            var canceled = await subscriptions.CancelAsync(session, found.Value.Id).ConfigureAwait(false);
            if (canceled.Failure is { } refused)
                return refused;
            if (found.Value.Status != SubscriptionStatus.Canceled)
                await audit.WriteAsync(session, actor, SubscriptionChange("subscription.canceled", canceled.Value)).ConfigureAwait(false);
            return SubscriptionResponse.From(canceled.Value, await names.OfAsync(session, [canceled.Value]).ConfigureAwait(false));
        }, cancellation).ConfigureAwait(false);
        if (outcome.Succeeded)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }

    private static AuditChange SubscriptionChange(string action, Subscription subscription) => new(action, TypeId.Format("sub", subscription.Id), subscription.OrganizationId,
        After: new { plan_id = TypeId.Format("plan", subscription.Plan.Id), plan = subscription.Plan.Name, plan_version = subscription.Plan.Version, subscription.Status });
}

internal sealed class SubscriptionListParameters : IdPageParameters
{
    /// <summary>Id or slug; all of the caller's without it.</summary>
    [FromQuery(Name = "organization")]
    public string? Organization { get; init; }
}
