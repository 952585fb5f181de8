using Microsoft.AspNetCore.Http;
using Tollgate.Admission.Subscriptions;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Admission.Keys;

/// <summary>What an owner does with the keys of a subscription. Each act is in the audit log, and this node knows of it before the answer leaves.</summary>
internal sealed class KeyChanges(IDatabase database, ISubscriptions subscriptions, KeyStore keys, KeyScopes scopes, IChangeFeed feed, IAuditLog audit, TimeProvider clock)
{
    private static readonly TimeSpan DefaultGrace = TimeSpan.FromDays(1);

    public static async Task<IResult> CreateAsync(string id, CreateKeyRequest? request, Caller caller, AuditActor actor, KeyChanges changes, CancellationToken cancellation)
    {
        var outcome = await changes.CreateAsync(id, request ?? new CreateKeyRequest(null, null, null, null), caller, actor, cancellation).ConfigureAwait(false);
        return outcome.ToResult(key => Results.Json(key, statusCode: StatusCodes.Status201Created));
    }

    public static async Task<IResult> EditAsync(string id, EditKeyRequest request, Caller caller, AuditActor actor, KeyChanges changes, CancellationToken cancellation) =>
        (await changes.EditAsync(id, request, caller, actor, cancellation).ConfigureAwait(false)).ToResult(Results.Ok);

    public static async Task<IResult> RotateAsync(string id, RotateKeyRequest? request, Caller caller, AuditActor actor, KeyChanges changes, CancellationToken cancellation)
    {
        var grace = request?.GraceSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : DefaultGrace;
        var outcome = await changes.RotateAsync(id, grace, caller, actor, cancellation).ConfigureAwait(false);
        return outcome.ToResult(key => Results.Json(key, statusCode: StatusCodes.Status201Created));
    }

    public static async Task<IResult> RevokeAsync(string id, Caller caller, AuditActor actor, KeyChanges changes, CancellationToken cancellation) =>
        (await changes.RevokeAsync(id, caller, actor, cancellation).ConfigureAwait(false)).ToResult(_ => Results.NoContent());

    private async Task<Outcome<CreatedKeyResponse>> CreateAsync(string id, CreateKeyRequest request, Caller caller, AuditActor actor, CancellationToken cancellation)
    {
        if (request.ExpiresAt <= clock.GetUtcNow())
            return KeyRules.InThePast;
        var of = await OwnAsync(id, caller, cancellation).ConfigureAwait(false);
        if (of.Failure is { } notOwn)
            return notOwn;
        var operations = await scopes.ResolveAsync(of.Value.Plan.Product, request.Scopes, cancellation).ConfigureAwait(false);
        if (operations.Failure is { } unknown)
            return unknown;
        var name = string.IsNullOrWhiteSpace(request.Name) ? "Key" : request.Name.Trim();
        var draft = new KeyDraft(name, request.ExpiresAt, operations.Value, AllowedAddresses.Of(request.AllowedAddresses));
        var made = await ChangeAsync(caller, async session =>
        {
            var created = await keys.CreateAsync(session, of.Value, draft, caller.AccountId).ConfigureAwait(false);
            if (created.Succeeded)
                await audit.WriteAsync(session, actor, KeyAudit.Created(created.Value.Key)).ConfigureAwait(false);
            return created;
        }, cancellation).ConfigureAwait(false);
        return made.Failure is { } refused ? refused : CreatedKeyResponse.From(made.Value.Key, made.Value.Secret, await KnownAsync(made.Value.Key, of.Value, cancellation).ConfigureAwait(false));
    }

    private async Task<Outcome<KeyResponse>> EditAsync(string id, EditKeyRequest request, Caller caller, AuditActor actor, CancellationToken cancellation)
    {
        if (request.ExpiresAt <= clock.GetUtcNow())
            return KeyRules.InThePast;
        var found = await FindAsync(id, caller, cancellation).ConfigureAwait(false);
        if (found.Failure is { } notFound)
            return notFound;
        var (key, of) = found.Value;
        var operations = await scopes.ResolveAsync(of.Plan.Product, request.Scopes, cancellation).ConfigureAwait(false);
        if (operations.Failure is { } unknown)
            return unknown;
        var draft = new KeyDraft(request.Name!.Trim(), request.ExpiresAt, operations.Value, AllowedAddresses.Of(request.AllowedAddresses));
        var edited = await ChangeAsync(caller, async session =>
        {
            var outcome = await keys.EditAsync(session, key.Id, draft).ConfigureAwait(false);
            if (outcome.Succeeded)
                await audit.WriteAsync(session, actor, KeyAudit.Edited(outcome.Value.Before, outcome.Value.After)).ConfigureAwait(false);
            return outcome;
        }, cancellation).ConfigureAwait(false);
        return edited.Failure is { } refused ? refused : KeyResponse.From(edited.Value.After, await KnownAsync(edited.Value.After, of, cancellation).ConfigureAwait(false));
    }

    private async Task<Outcome<CreatedKeyResponse>> RotateAsync(string id, TimeSpan grace, Caller caller, AuditActor actor, CancellationToken cancellation)
    {
        var found = await FindAsync(id, caller, cancellation).ConfigureAwait(false);
        if (found.Failure is { } notFound)
            return notFound;
        var (key, of) = found.Value;
        var rotated = await ChangeAsync(caller, async session =>
        {
            var made = await keys.RotateAsync(session, key.Id, grace, caller.AccountId).ConfigureAwait(false);
            if (made.Succeeded)
            {
                await audit.WriteAsync(session, actor, KeyAudit.Rotated(made.Value.Old, made.Value.OldEndsAt, made.Value.Key.Id)).ConfigureAwait(false);
                await audit.WriteAsync(session, actor, KeyAudit.Created(made.Value.Key)).ConfigureAwait(false);
            }
            return made;
        }, cancellation).ConfigureAwait(false);
        return rotated.Failure is { } refused
            ? refused
            : CreatedKeyResponse.From(rotated.Value.Key, rotated.Value.Secret, await KnownAsync(rotated.Value.Key, of, cancellation).ConfigureAwait(false));
    }

    private async Task<Outcome<bool>> RevokeAsync(string id, Caller caller, AuditActor actor, CancellationToken cancellation)
    {
        var found = await FindAsync(id, caller, cancellation).ConfigureAwait(false);
        if (found.Failure is { } notFound)
            return notFound;
        return await ChangeAsync(caller, async Task<Outcome<bool>> (session) =>
        {
            if (await keys.RevokeAsync(session, found.Value.Key.Id).ConfigureAwait(false))
                await audit.WriteAsync(session, actor, KeyAudit.Revoked(found.Value.Key)).ConfigureAwait(false);
            return true;
        }, cancellation).ConfigureAwait(false);
    }

    private async Task<Outcome<T>> ChangeAsync<T>(Caller caller, Func<DbSession, Task<Outcome<T>>> change, CancellationToken cancellation)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, change, cancellation).ConfigureAwait(false);
        if (outcome.Succeeded)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return outcome;
    }

    private Task<Outcome<Subscription>> OwnAsync(string id, Caller caller, CancellationToken cancellation) => database.AsAppAsync(caller.Tenant, async session =>
    {
        var of = await OwnSubscription.FindAsync(session, subscriptions, caller, id).ConfigureAwait(false);
        return of.Succeeded && of.Value.Status == SubscriptionStatus.Canceled
            ? Failure.Conflict("SUBSCRIPTION_INACTIVE", "The subscription has ended: a key of it would open nothing.")
            : of;
    }, cancellation);

    private Task<Outcome<(KeyRow Key, Subscription Of)>> FindAsync(string id, Caller caller, CancellationToken cancellation) =>
        database.AsAppAsync(caller.Tenant, async Task<Outcome<(KeyRow Key, Subscription Of)>> (session) =>
        {
            if (!TypeId.TryParse(id, "key", out var keyId) || await KeyStore.FindAsync(session, keyId).ConfigureAwait(false) is not { } key
                || await subscriptions.FindAsync(session, key.SubscriptionId).ConfigureAwait(false) is not { } of)
                return Failure.NotFound("key");
            return caller.Refusal(key.OrganizationId, "key") is { } refused ? refused : (key, of);
        }, cancellation);

    private async Task<IReadOnlyList<ProductOperation>> KnownAsync(KeyRow key, Subscription of, CancellationToken cancellation) =>
        key.Operations is null ? [] : await scopes.OfAsync(of.Plan.Product, cancellation).ConfigureAwait(false);
}
