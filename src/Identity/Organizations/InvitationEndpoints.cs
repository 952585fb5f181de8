using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;

namespace Tollgate.Identity.Organizations;

internal static class InvitationEndpoints
{
    public static void Map(RouteGroupBuilder organizations, RouteGroupBuilder received)
    {
        organizations.MapGet("/{organization}/invitations", ListAsync).WithName("listInvitations").RequirePermission(Permission.ManageMembers)
            .WithSummary("Invitations that wait for an answer, newest first").Produces<InvitationsResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
        organizations.MapPost("/{organization}/invitations", InviteAsync).WithName("invite").RequirePermission(Permission.ManageMembers).RequireVerifiedEmail()
            .WithSummary("Invite an address by mail, for seven days; an open invitation of that address is replaced").Idempotent()
            .Produces<InvitationResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        organizations.MapDelete("/{organization}/invitations/{invitation}", WithdrawAsync).WithName("withdrawInvitation").RequirePermission(Permission.ManageMembers)
            .WithSummary("Take an invitation back").Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
        received.MapPost("/look", LookAsync).WithName("lookAtInvitation").RequireSession().WithSummary("What the invitation of a mail's secret is to")
            .Produces<ReceivedInvitationResponse>().ProducesProblem(StatusCodes.Status409Conflict);
        received.MapPost("/accept", AcceptAsync).WithName("acceptInvitation").RequireSession().RequireVerifiedEmail().WithSummary("Become a member; your address must be the invited one, and verified")
            .Produces<AcceptedInvitationResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status409Conflict);
        received.MapPost("/decline", DeclineAsync).WithName("declineInvitation").RequireSession().WithSummary("Refuse an invitation")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> ListAsync(string organization, Caller caller, IDatabase database, Invitations invitations, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        var rows = await database.AsAppAsync(caller.Tenant, session => invitations.ListAsync(session, found.Value.OrganizationId), cancellation).ConfigureAwait(false);
        return Results.Ok(new InvitationsResponse([.. rows.Select(InvitationResponse.From)]));
    }

    private static async Task<IResult> InviteAsync(
        string organization, InviteRequest request, Caller caller, AuditActor actor, IDatabase database, Invitations invitations, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        var email = Accounts.AccountStore.Normalize(request.Email!);
        var role = OrganizationFields.RoleOf(request.Role)!.Value;
        // Before it is counted: what is refused is no mail, and blocks no address for others. It is asked once more under the organization's lock.
        if (await database.AsAppAsync(caller.Tenant, session => invitations.RefusalAsync(session, caller, found.Value, email, role), cancellation).ConfigureAwait(false) is { } unfit)
            return Problems.Result(unfit);
        if (await invitations.CountAsync(caller.AccountId, email, cancellation).ConfigureAwait(false) is { } tooMany)
            return Problems.Result(tooMany);
        var sent = await database.AsAppAsync(caller.Tenant,
            session => invitations.InviteAsync(session, actor, caller, found.Value, email, role), cancellation).ConfigureAwait(false);
        return sent.ToResult(row => Results.Json(InvitationResponse.From(row), statusCode: StatusCodes.Status201Created));
    }

    private static async Task<IResult> WithdrawAsync(
        string organization, string invitation, Caller caller, AuditActor actor, IDatabase database, Invitations invitations, CancellationToken cancellation)
    {
        var found = caller.Organization(organization);
        if (found.Failure is { } refused)
            return Problems.Result(refused);
        if (!TypeId.TryParse(invitation, "inv", out var id))
            return Problems.Result(Failure.NotFound("invitation"));
        var withdrawn = await database.AsAppAsync(caller.Tenant, session => invitations.WithdrawAsync(session, actor, found.Value.OrganizationId, id), cancellation).ConfigureAwait(false);
        return withdrawn.ToResult(_ => Results.NoContent());
    }

    private static async Task<IResult> LookAsync(InvitationTokenRequest request, Caller caller, Invitations invitations, CancellationToken cancellation) =>
        (await invitations.FindAsync(caller, request.Token!, cancellation).ConfigureAwait(false)).ToResult(row => Results.Ok(ReceivedInvitationResponse.From(row)));

    private static async Task<IResult> AcceptAsync(InvitationTokenRequest request, Caller caller, AuditActor actor, Invitations invitations, CancellationToken cancellation) =>
        (await invitations.AcceptAsync(actor, caller, request.Token!, cancellation).ConfigureAwait(false)).ToResult(id => Results.Ok(new AcceptedInvitationResponse(TypeId.Format("org", id))));

    private static async Task<IResult> DeclineAsync(InvitationTokenRequest request, Caller caller, AuditActor actor, Invitations invitations, CancellationToken cancellation) =>
        (await invitations.DeclineAsync(actor, caller, request.Token!, cancellation).ConfigureAwait(false)).ToResult(_ => Results.NoContent());
}
