using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Admission.Subscriptions;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Keys;

internal sealed record KeyFactsSubscription(string Id, SubscriptionStatus Status, DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd);

internal sealed record KeyFactsPlan(string Id, int Version, string Name);

/// <summary>What a key may know of itself.</summary>
internal sealed record KeyFactsResponse(
    string Id, string Name, string Prefix, IReadOnlyList<KeyScopeResponse> Scopes, IReadOnlyList<string> AllowedAddresses, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt,
    string OrganizationId, KeyFactsSubscription Subscription, KeyFactsPlan Plan, ProductResponse Product, IReadOnlyList<AllowanceUsageResponse> Usage);

/// <summary>For the key that calls: its plan, what is left of it, and what it is for.</summary>
internal static class KeyFacts
{
    public const string Limit = "key-facts";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/admin/keys/me", GetAsync).WithName("getCallingKey").WithTags("Keys").WithSummary("The key that calls: name, plan, what is left, endpoints and expiry. Send it as x-api-key or Bearer")
            .Produces<KeyFactsResponse>().ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests).AllowAnonymous().RequireRateLimiting(Limit);

    private static async Task<IResult> GetAsync(
        HttpContext context, IDatabase database, ISubscriptions subscriptions, ProductNames names, KeyScopes scopes, AllowanceUsage usage, ClientAddress addresses, TimeProvider clock)
    {
        var cancellation = context.RequestAborted;
        var found = await database.AsWorkerAsync(session => PresentedKey.FindAsync(session, PresentedKey.Of(context.Request), addresses.Of(context), clock.GetUtcNow()), cancellation).ConfigureAwait(false);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        var key = found.Value;
        var (of, product) = await database.AsAppAsync(TenantContext.ForOrganization(key.OrganizationId), async session =>
        {
            var subscription = (await subscriptions.FindAsync(session, key.SubscriptionId).ConfigureAwait(false))!;
            return (subscription, SubscriptionResponse.From(subscription, await names.OfAsync(session, [subscription]).ConfigureAwait(false)).Product);
        }, cancellation).ConfigureAwait(false);
        var known = key.Operations is null ? [] : await scopes.OfAsync(of.Plan.Product, cancellation).ConfigureAwait(false);
        return Results.Ok(new KeyFactsResponse(
            TypeId.Format("key", key.Id), key.Name, key.Prefix, KeyScopes.Show(key.Operations, known), key.AllowedAddresses ?? [], key.CreatedAt, key.ExpiresAt,
            TypeId.Format("org", key.OrganizationId), new KeyFactsSubscription(TypeId.Format("sub", of.Id), of.Status, of.PeriodStart, of.PeriodEnd),
            new KeyFactsPlan(TypeId.Format("plan", of.Plan.Id), of.Plan.Version, of.Plan.Name), product, await usage.OfAsync(of.Id, cancellation).ConfigureAwait(false)));
    }
}
