using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;

namespace Tollgate.Identity.Admin;

/// <summary>For those who run this installation. Every look and every act is in the audit log.</summary>
internal static class AdminEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/api/admin").WithApiDefaults().WithTags("Admin");
        admin.MapGet("/accounts", AdminLooks.AccountsAsync).WithName("adminListAccounts").RequireOperator().WithSummary("All accounts, newest first, deleted ones too; by part of address or name")
            .Produces<Page<AdminAccountResponse>>();
        admin.MapGet("/accounts/{id}", AdminLooks.AccountAsync).WithName("adminGetAccount").RequireOperator().WithSummary("An account with its organizations and sessions")
            .Produces<AdminAccountDetailResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        admin.MapPost("/accounts/{id}/disable", DisableAsync).WithName("adminDisableAccount").RequireOperator().RequireStepUp().WithSummary("Nobody signs in to it any more; its sessions and API tokens end at once")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        admin.MapPost("/accounts/{id}/enable", EnableAsync).WithName("adminEnableAccount").RequireOperator().RequireStepUp().WithSummary("It can be signed in to again")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        admin.MapPut("/accounts/{id}/role", SetRoleAsync).WithName("adminSetAccountRole").RequireOperator().RequireStepUp().WithSummary("user, or admin for those who run this installation")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        admin.MapDelete("/accounts/{id}/second-factor", RemoveSecondFactorsAsync).WithName("adminRemoveSecondFactors").RequireOperator().RequireStepUp()
            .WithSummary("Removes the authenticator app, the recovery codes and all passkeys of a person who has lost them, and ends all sessions; not of an operator")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        admin.MapDelete("/accounts/{id}/sessions", EndSessionsAsync).WithName("adminEndSessions").RequireOperator().RequireStepUp().WithSummary("Ends all sessions of an account")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        admin.MapDelete("/sessions/{id}", EndSessionAsync).WithName("adminEndSession").RequireOperator().RequireStepUp().WithSummary("Ends one session")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
        admin.MapGet("/organizations", AdminLooks.OrganizationsAsync).WithName("adminListOrganizations").RequireOperator().WithSummary("All organizations, newest first, removed ones too; by part of slug or name")
            .Produces<Page<AdminOrganizationResponse>>();
        admin.MapGet("/organizations/{id}", AdminLooks.OrganizationAsync).WithName("adminGetOrganization").RequireOperator().WithSummary("An organization with its members")
            .Produces<AdminOrganizationDetailResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        admin.MapPost("/organizations/{id}/suspend", SuspendAsync).WithName("adminSuspendOrganization").RequireOperator().RequireStepUp().WithSummary("Its APIs are not served and its keys open nothing, until it is lifted; its members see why")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        admin.MapPost("/organizations/{id}/unsuspend", UnsuspendAsync).WithName("adminUnsuspendOrganization").RequireOperator().RequireStepUp().WithSummary("It sells and calls again as before")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static Task<IResult> DisableAsync(string id, DisableAccountRequest? request, AuditActor actor, AdminActs acts, CancellationToken cancellation) =>
        AnswerAsync(id, "acc", "account", account => acts.DisableAsync(account, request?.Reason, actor, cancellation));

    private static Task<IResult> EnableAsync(string id, AuditActor actor, AdminActs acts, CancellationToken cancellation) =>
        AnswerAsync(id, "acc", "account", account => acts.EnableAsync(account, actor, cancellation));

    private static Task<IResult> SetRoleAsync(string id, SetRoleRequest request, AuditActor actor, AdminActs acts, CancellationToken cancellation) =>
        AnswerAsync(id, "acc", "account", account => acts.SetRoleAsync(account, request.Role!, actor, cancellation));

    private static Task<IResult> RemoveSecondFactorsAsync(string id, [FromBody] RemoveSecondFactorsRequest request, AuditActor actor, AdminActs acts, CancellationToken cancellation) =>
        AnswerAsync(id, "acc", "account", account => acts.RemoveSecondFactorsAsync(account, request.Reason!.Trim(), actor, cancellation));

    private static Task<IResult> EndSessionsAsync(string id, AuditActor actor, AdminActs acts, CancellationToken cancellation) =>
        AnswerAsync(id, "acc", "account", account => acts.EndSessionsAsync(account, actor, cancellation));

    private static Task<IResult> EndSessionAsync(string id, AuditActor actor, AdminActs acts, CancellationToken cancellation) =>
        AnswerAsync(id, "ses", "session", session => acts.EndSessionAsync(session, actor, cancellation));

    private static Task<IResult> SuspendAsync(string id, SuspendOrganizationRequest request, Caller caller, AuditActor actor, OrganizationSuspensions suspensions, CancellationToken cancellation) =>
        AnswerAsync(id, "org", "organization", organization => suspensions.SuspendAsync(caller, organization, request.Reason!.Trim(), actor, cancellation));

    private static Task<IResult> UnsuspendAsync(string id, Caller caller, AuditActor actor, OrganizationSuspensions suspensions, CancellationToken cancellation) =>
        AnswerAsync(id, "org", "organization", organization => suspensions.LiftAsync(caller, organization, actor, cancellation));

    private static async Task<IResult> AnswerAsync(string id, string prefix, string what, Func<Guid, Task<Outcome<bool>>> act) => TypeId.TryParse(id, prefix, out var subject)
        ? (await act(subject).ConfigureAwait(false)).ToResult(_ => Results.NoContent())
        : Problems.Result(Failure.NotFound(what));
}
