using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity.SecondFactor;

namespace Tollgate.Identity.Organizations;

internal static class MemberEndpoints
{
    public static void Map(RouteGroupBuilder organizations)
    {
        organizations.MapGet("/{organization}/members", ListAsync).WithName("listMembers").RequirePermission(Permission.View, TokenScope.ReadOrganization)
            .WithSummary("Who is a member, and as what; the roles that there are; who has a second factor, to those who manage members").Produces<MembersResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        organizations.MapPatch("/{organization}/members/{account}", ChangeAsync).WithName("changeMember").RequirePermission(Permission.ManageMembers)
            .WithSummary("Give a member another role; only an owner makes or unmakes owners")
            .Produces<MemberResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        organizations.MapDelete("/{organization}/members/{account}", RemoveAsync).WithName("removeMember").RequirePermission(Permission.ManageMembers)
            .WithSummary("Remove a member; API tokens and sessions of that account see nothing of the organization from then on")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        organizations.MapPost("/{organization}/leave", LeaveAsync).WithName("leaveOrganization").RequirePermission(Permission.View, TokenScope.WriteOrganization, withoutSecondFactor: true)
            // Who has none can go; else a stolen password would leave whoever asks for one, and then add its own.
            .RequireShownFactor()
            .WithSummary("Be a member no longer; the last owner cannot")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> ListAsync(string organization, Caller caller, IDatabase database, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        var rows = await database.AsAppAsync(caller.Tenant, session => MemberChanges.ListAsync(session, found.Value.OrganizationId), cancellation).ConfigureAwait(false);
        var factors = caller.MayAlso(found.Value, Permission.ManageMembers) ? await FactorsAsync(database, [.. rows.Select(row => row.AccountId)], cancellation).ConfigureAwait(false) : null;
        return Results.Ok(new MembersResponse([.. rows.Select(row => Show(row, caller, factors))], RoleResponse.All(found.Value)));
    }

    private static async Task<IResult> ChangeAsync(
        string organization, string account, ChangeMemberRequest request, Caller caller, AuditActor actor, IDatabase database, MemberChanges members, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        if (!TypeId.TryParse(account, "acc", out var id))
            return Problems.Result(Failure.NotFound("member"));
        var changed = await database.AsAppAsync(caller.Tenant,
            session => members.ChangeRoleAsync(session, actor, caller, found.Value, id, OrganizationFields.RoleOf(request.Role)!.Value), cancellation).ConfigureAwait(false);
        if (changed.Failure is { } failure)
            return Problems.Result(failure);
        return Results.Ok(Show(changed.Value, caller, await FactorsAsync(database, [id], cancellation).ConfigureAwait(false)));
    }

    private static async Task<IResult> RemoveAsync(
        string organization, string account, Caller caller, AuditActor actor, IDatabase database, MemberChanges members, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        if (!TypeId.TryParse(account, "acc", out var id))
            return Problems.Result(Failure.NotFound("member"));
        return await EndAsync(caller, actor, found.Value, id, database, members, cancellation).ConfigureAwait(false);
    }

    private static async Task<IResult> LeaveAsync(string organization, Caller caller, AuditActor actor, IDatabase database, MemberChanges members, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        return found.Failure is { } refused
            ? Problems.Result(refused)
            : await EndAsync(caller, actor, found.Value, caller.AccountId, database, members, cancellation).ConfigureAwait(false);
    }

    private static async Task<IResult> EndAsync(Caller caller, AuditActor actor, Membership by, Guid account, IDatabase database, MemberChanges members, CancellationToken cancellation)
    {
        var ended = await database.AsAppAsync(caller.Tenant, session => members.RemoveAsync(session, actor, caller, by, account), cancellation).ConfigureAwait(false);
        return ended.ToResult(_ => Results.NoContent());
    }

    // No request sees the factors of others: whether there are some, the worker says.
    private static Task<IReadOnlySet<Guid>> FactorsAsync(IDatabase database, Guid[] accounts, CancellationToken cancellation) =>
        database.AsWorkerAsync(session => HeldFactor.AmongAsync(session, accounts), cancellation);

    private static MemberResponse Show(MemberRow row, Caller caller, IReadOnlySet<Guid>? factors) =>
        new(TypeId.Format("acc", row.AccountId), row.Name, row.Email, row.RoleOf, row.CreatedAt, row.AccountId == caller.AccountId, factors?.Contains(row.AccountId));
}
