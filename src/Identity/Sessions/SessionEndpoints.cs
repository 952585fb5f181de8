using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity.Access;

namespace Tollgate.Identity.Sessions;

/// <summary>The devices that are signed in.</summary>
internal static class SessionEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var sessions = routes.MapGroup("/auth/sessions").WithApiDefaults().WithTags("Accounts");
        sessions.MapGet("", ListAsync).WithName("listSessions").WithSummary("The devices that are signed in, last seen first").RequireSession().Produces<DevicesResponse>();
        sessions.MapDelete("/{id}", EndAsync).WithName("endSession").WithSummary("Sign one device out, at once").RequireSession()
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
        sessions.MapPost("/end-others", EndOthersAsync).WithName("endOtherSessions").WithSummary("Sign every other device out, at once").RequireSession().Produces<EndedResponse>();
        sessions.MapPost("/end-all", EndAllAsync).WithName("endAllSessions").WithSummary("Sign every device out, this one too").RequireSession().Produces<EndedResponse>();
    }

    private static async Task<IResult> ListAsync(Caller caller, IDatabase database, TimeProvider clock, CancellationToken cancellation)
    {
        const string sql = """
            SELECT id, device, host(client_address) AS address, created_at, last_seen_at, expires_at FROM identity.session
            WHERE account_id = @AccountId AND ended_at IS NULL AND expires_at > @now AND last_seen_at > @idle ORDER BY last_seen_at DESC, id DESC LIMIT 200
            """;
        var now = clock.GetUtcNow();
        var rows = await database.AsAppAsync(caller.Tenant, session => session.QueryAsync<DeviceRow>(sql, new { caller.AccountId, now, idle = now - SessionStore.Idle }), cancellation).ConfigureAwait(false);
        return Results.Ok(new DevicesResponse([.. rows.Select(row =>
            new DeviceResponse(TypeId.Format("ses", row.Id), row.Device, row.Address, row.CreatedAt, row.LastSeenAt, row.ExpiresAt, row.Id == caller.SessionId))]));
    }

    private static async Task<IResult> EndAsync(string id, Caller caller, AuditActor actor, HttpContext context, IDatabase database, SessionStore sessions, IAuditLog audit)
    {
        if (!TypeId.TryParse(id, "ses", out var sessionId))
            return Problems.Result(Failure.NotFound("session"));
        var ended = await database.AsWorkerAsync<Outcome<bool>>(async session =>
        {
            if (await sessions.EndOneAsync(session, caller.AccountId, sessionId, "ended_by_account").ConfigureAwait(false) is not { } device)
                return Failure.NotFound("session");
            await audit.WriteAsync(session, actor, new AuditChange("session.ended", id, Before: new { device })).ConfigureAwait(false);
            return true;
        }, context.RequestAborted).ConfigureAwait(false);
        if (ended.Succeeded && sessionId == caller.SessionId && SessionCookies.Wanted(context))
            SessionCookies.Clear(context);
        return ended.ToResult(_ => Results.NoContent());
    }

    private static async Task<IResult> EndOthersAsync(Caller caller, AuditActor actor, IDatabase database, SessionStore sessions, IAuditLog audit, CancellationToken cancellation) =>
        Results.Ok(new EndedResponse(await EndManyAsync(caller, actor, caller.SessionId, database, sessions, audit, cancellation).ConfigureAwait(false)));

    private static async Task<IResult> EndAllAsync(Caller caller, AuditActor actor, HttpContext context, IDatabase database, SessionStore sessions, IAuditLog audit)
    {
        var count = await EndManyAsync(caller, actor, null, database, sessions, audit, context.RequestAborted).ConfigureAwait(false);
        if (SessionCookies.Wanted(context))
            SessionCookies.Clear(context);
        return Results.Ok(new EndedResponse(count));
    }

    private static Task<int> EndManyAsync(Caller caller, AuditActor actor, Guid? but, IDatabase database, SessionStore sessions, IAuditLog audit, CancellationToken cancellation) =>
        database.AsWorkerAsync(async session =>
        {
            var count = but is { } current
                ? await sessions.EndOthersAsync(session, caller.AccountId, current, "ended_by_account").ConfigureAwait(false)
                : await sessions.EndAllAsync(session, caller.AccountId, "ended_by_account").ConfigureAwait(false);
            if (count > 0)
                await audit.WriteAsync(session, actor, new AuditChange("sessions.ended", TypeId.Format("acc", caller.AccountId), After: new { count })).ConfigureAwait(false);
            return count;
        }, cancellation);

    private sealed class DeviceRow
    {
        public Guid Id { get; init; }

        public string Device { get; init; } = "";

        public string? Address { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset LastSeenAt { get; init; }

        public DateTimeOffset ExpiresAt { get; init; }
    }
}

/// <param name="Address">Where it was seen last.</param>
/// <param name="ExpiresAt">When it ends however much it is used; unused it ends thirty days after it was seen last.</param>
internal sealed record DeviceResponse(
    string Id, string Device, string? Address, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt, [property: JsonPropertyName("current")] bool IsCurrent);

internal sealed record DevicesResponse(IReadOnlyList<DeviceResponse> Data);

/// <param name="Ended">How many.</param>
internal sealed record EndedResponse(int Ended);
