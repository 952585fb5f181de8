using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Admission.Subscriptions;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Admission.Keys;

internal static class KeyEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("").WithTags("Keys");
        keys.MapGet("/api/subscriptions/{id}/keys", ListAsync).WithName("listKeys").RequirePermission(Permission.View, TokenScope.ReadSubscriptions).WithSummary("The keys of a subscription, newest first; never their secrets")
            .Produces<KeysResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        keys.MapGet("/api/subscriptions/{id}/endpoints", EndpointsAsync).WithName("listSubscriptionEndpoints").RequirePermission(Permission.View, TokenScope.ReadSubscriptions).WithSummary("The endpoints that a key of the subscription can be restricted to")
            .Produces<SubscriptionEndpointsResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        keys.MapPost("/api/subscriptions/{id}/keys", KeyChanges.CreateAsync).WithName("createKey").RequirePermission(Permission.ManageSubscriptions).WithSummary("A new key, for all or for some endpoints and addresses; its secret is shown this once")
            .Produces<CreatedKeyResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).Idempotent();
        keys.MapPut("/api/keys/{id}", KeyChanges.EditAsync).WithName("editKey").RequirePermission(Permission.ManageSubscriptions).WithSummary("Sets a key's name, endpoints, addresses and expiry; what is absent is gone")
            .Produces<KeyResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        keys.MapPost("/api/keys/{id}/rotate", KeyChanges.RotateAsync).WithName("rotateKey").RequirePermission(Permission.ManageSubscriptions).WithSummary("A new secret with the same name, endpoints, addresses and expiry; the old one works on for a grace period")
            .Produces<CreatedKeyResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).Idempotent();
        keys.MapDelete("/api/keys/{id}", KeyChanges.RevokeAsync).WithName("revokeKey").RequirePermission(Permission.ManageSubscriptions).WithSummary("Ends a key for good; every node knows within a second")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ListAsync(string id, Caller caller, IDatabase database, ISubscriptions subscriptions, KeyScopes scopes, CancellationToken cancellation)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<(Subscription Of, IReadOnlyList<KeyRow> Rows)>> (session) =>
        {
            var subscription = await OwnSubscription.FindAsync(session, subscriptions, caller, id).ConfigureAwait(false);
            return subscription.Failure is { } failure ? failure : (subscription.Value, await KeyStore.ListAsync(session, subscription.Value.Id).ConfigureAwait(false));
        }, cancellation).ConfigureAwait(false);
        if (outcome.Failure is { } refused)
            return Problems.Result(refused);
        var (of, rows) = outcome.Value;
        var known = rows.Any(row => row.Operations is not null) ? await scopes.OfAsync(of.Plan.Product, cancellation).ConfigureAwait(false) : [];
        return Results.Ok(new KeysResponse([.. rows.Select(row => KeyResponse.From(row, known))]));
    }

    private static async Task<IResult> EndpointsAsync(string id, Caller caller, IDatabase database, ISubscriptions subscriptions, KeyScopes scopes, CancellationToken cancellation)
    {
        var subscription = await database.AsAppAsync(caller.Tenant, session => OwnSubscription.FindAsync(session, subscriptions, caller, id), cancellation).ConfigureAwait(false);
        if (subscription.Failure is { } failure)
            return Problems.Result(failure);
        var operations = await scopes.OfAsync(subscription.Value.Plan.Product, cancellation).ConfigureAwait(false);
        return Results.Ok(new SubscriptionEndpointsResponse(
            [.. operations.Select(one => new SubscriptionEndpointResponse(TypeId.Format("ep", one.Id), one.Method, one.Path, one.OperationId, one.Summary))]));
    }
}
