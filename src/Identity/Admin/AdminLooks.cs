using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;

namespace Tollgate.Identity.Admin;

/// <summary>An operator looks at what belongs to others: under the policy of its own, and written down in the same transaction.</summary>
internal sealed class AdminLooks(IDatabase database, IAuditLog audit, TimeProvider clock)
{
    public static async Task<IResult> AccountsAsync(Caller caller, AuditActor actor, [AsParameters] AdminAccountParameters list, AdminLooks looks, CancellationToken cancellation)
    {
        var rows = await looks.LookAsync(caller, actor, new AuditChange("accounts.listed", "accounts", After: new { q = list.Text, list.Status }),
            session => AdminStore.AccountsAsync(session, list, looks.Now), cancellation).ConfigureAwait(false);
        var page = Page<AdminAccountRow>.Cut(rows, list.Count, row => row.Id.ToString());
        return Results.Ok(new Page<AdminAccountResponse>([.. page.Data.Select(AdminAccountResponse.From)], page.HasMore, page.Next));
    }

    public static async Task<IResult> OrganizationsAsync(Caller caller, AuditActor actor, [AsParameters] AdminOrganizationParameters list, AdminLooks looks, CancellationToken cancellation)
    {
        var rows = await looks.LookAsync(caller, actor, new AuditChange("organizations.listed", "organizations", After: new { q = list.Text, list.Status }),
            session => AdminStore.OrganizationsAsync(session, list), cancellation).ConfigureAwait(false);
        var page = Page<AdminOrganizationRow>.Cut(rows, list.Count, row => row.Id.ToString());
        return Results.Ok(new Page<AdminOrganizationResponse>([.. page.Data.Select(AdminOrganizationResponse.From)], page.HasMore, page.Next));
    }

    public static async Task<IResult> AccountAsync(string id, Caller caller, AuditActor actor, AdminLooks looks, CancellationToken cancellation)
    {
        if (!TypeId.TryParse(id, "acc", out var accountId))
            return Problems.Result(Failure.NotFound("account"));
        var found = await looks.LookAsync(caller, actor, new AuditChange("account.viewed", id), async Task<Outcome<AdminAccountDetailResponse>> (session) =>
        {
            if (await AdminStore.AccountAsync(session, accountId, looks.Now).ConfigureAwait(false) is not { } account)
                return Failure.NotFound("account");
            var organizations = await AdminStore.OrganizationsOfAsync(session, accountId).ConfigureAwait(false);
            var sessions = await AdminStore.SessionsAsync(session, accountId).ConfigureAwait(false);
            return new AdminAccountDetailResponse(AdminAccountResponse.From(account), organizations, [.. sessions.Select(AdminSessionResponse.From)]);
        }, cancellation).ConfigureAwait(false);
        return found.ToResult(Results.Ok);
    }

    public static async Task<IResult> OrganizationAsync(string id, Caller caller, AuditActor actor, AdminLooks looks, CancellationToken cancellation)
    {
        if (!TypeId.TryParse(id, "org", out var organizationId))
            return Problems.Result(Failure.NotFound("organization"));
        var found = await looks.LookAsync(caller, actor, new AuditChange("organization.viewed", id, organizationId), async Task<Outcome<AdminOrganizationDetailResponse>> (session) =>
            await AdminStore.OrganizationAsync(session, organizationId).ConfigureAwait(false) is { } organization
                ? new AdminOrganizationDetailResponse(AdminOrganizationResponse.From(organization), await AdminStore.MembersAsync(session, organizationId).ConfigureAwait(false))
                : Failure.NotFound("organization"), cancellation).ConfigureAwait(false);
        return found.ToResult(Results.Ok);
    }

    private DateTimeOffset Now => clock.GetUtcNow();

    private Task<T> LookAsync<T>(Caller caller, AuditActor actor, AuditChange look, Func<DbSession, Task<T>> read, CancellationToken cancellation) =>
        database.AsAppAsync(caller.Tenant with { IsOperator = true }, async session =>
        {
            await audit.WriteAsync(session, actor, look).ConfigureAwait(false);
            return await read(session).ConfigureAwait(false);
        }, cancellation);
}
