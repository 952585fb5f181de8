using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Admission.Subscriptions;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Admission.Keys;

internal sealed record CreateKeyRequest(string? Name, DateTimeOffset? ExpiresAt) : IRequest
{
    public void Validate(Errors errors) => errors.Text("name", Name, 0, 100);
}

internal sealed record KeyResponse(
    string Id, string Name, string Prefix, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt)
{
    public static KeyResponse From(KeyRow key) =>
        new(TypeId.Format("key", key.Id), key.Name, key.Prefix, key.CreatedAt, key.RevokedAt, key.ExpiresAt, key.LastUsedAt);
}

/// <summary>The one answer with the whole key in it.</summary>
internal sealed record CreatedKeyResponse(string Id, string Name, string Prefix, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string Secret)
{
    public static CreatedKeyResponse From(KeyRow key, string secret) => new(TypeId.Format("key", key.Id), key.Name, key.Prefix, key.CreatedAt, key.ExpiresAt, secret);
}

internal sealed record KeysResponse(IReadOnlyList<KeyResponse> Data);

internal static class KeyEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/subscriptions/{id}/keys", ListAsync).WithName("listKeys").RequirePermission(Permission.View, TokenScope.ReadSubscriptions).WithTags("Keys").WithSummary("The keys of a subscription, newest first; never their secrets")
            .Produces<KeysResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        routes.MapPost("/api/subscriptions/{id}/keys", CreateAsync).WithName("createKey").RequirePermission(Permission.ManageSubscriptions).WithTags("Keys").WithSummary("A new key; its secret is shown this once")
            .Produces<CreatedKeyResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .Idempotent();
        routes.MapDelete("/api/keys/{id}", RevokeAsync).WithName("revokeKey").RequirePermission(Permission.ManageSubscriptions).WithTags("Keys").WithSummary("Ends a key for good; every node knows within a second")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ListAsync(string id, Caller caller, IDatabase database, ISubscriptions subscriptions, KeyStore keys, CancellationToken cancellation)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, async session =>
        {
            var subscription = await OwnSubscription.FindAsync(session, subscriptions, caller, id).ConfigureAwait(false);
            if (subscription.Failure is { } failure)
                return (Outcome<KeysResponse>)failure;
            var rows = await keys.ListAsync(session, subscription.Value.Id).ConfigureAwait(false);
            return new KeysResponse([.. rows.Select(KeyResponse.From)]);
        }, cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }

    private static async Task<IResult> CreateAsync(
        string id, CreateKeyRequest? request, Caller caller, IDatabase database, ISubscriptions subscriptions, KeyStore keys, IChangeFeed feed, TimeProvider clock,
        CancellationToken cancellation)
    {
        if (request?.ExpiresAt <= clock.GetUtcNow())
            return Problems.Result(Failure.Invalid("expires_at", "IN_THE_PAST", "A key must expire in the future."));
        var outcome = await database.AsAppAsync(caller.Tenant, async session =>
        {
            var subscription = await OwnSubscription.FindAsync(session, subscriptions, caller, id).ConfigureAwait(false);
            if (subscription.Failure is { } failure)
                return (Outcome<CreatedKeyResponse>)failure;
            if (subscription.Value.Status == SubscriptionStatus.Canceled)
                return Failure.Conflict("SUBSCRIPTION_INACTIVE", "The subscription has ended: a key of it would open nothing.");
            var name = string.IsNullOrWhiteSpace(request?.Name) ? "Key" : request.Name.Trim();
            var created = await keys.CreateAsync(session, subscription.Value, name, request?.ExpiresAt, caller.AccountId).ConfigureAwait(false);
            return created.Failure is { } refused ? refused : CreatedKeyResponse.From(created.Value.Key, created.Value.Secret);
        }, cancellation).ConfigureAwait(false);
        if (outcome.Succeeded)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return outcome.ToResult(key => Results.Json(key, statusCode: StatusCodes.Status201Created));
    }

    private static async Task<IResult> RevokeAsync(string id, Caller caller, IDatabase database, KeyStore keys, IChangeFeed feed, CancellationToken cancellation)
    {
        if (!TypeId.TryParse(id, "key", out var keyId))
            return Problems.Result(Failure.NotFound("key"));
        var outcome = await database.AsAppAsync(caller.Tenant, async session =>
        {
            var key = await keys.FindAsync(session, keyId).ConfigureAwait(false);
            if (key is null)
                return (Outcome<bool>)Failure.NotFound("key");
            if (caller.Refusal(key.OrganizationId, "key") is { } refused)
                return refused;
            await keys.RevokeAsync(session, keyId).ConfigureAwait(false);
            return true;
        }, cancellation).ConfigureAwait(false);
        if (outcome.Succeeded)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return outcome.ToResult(_ => Results.NoContent());
    }
}
