using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Metering.Meters;

internal static class MeterEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        var meters = routes.MapGroup("/api/meters").WithTags("Meters");
        meters.MapPost("", DeclareAsync).WithName("declareMeter").RequirePermission(Permission.ManageApis).WithSummary("A meter of your own: what you report for it, plans can include, limit and charge").Idempotent()
            .Produces<MeterResponse>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        meters.MapGet("", ListAsync).WithName("listMeters").RequirePermission(Permission.View, TokenScope.ReadApis).WithSummary("The meters that an organization has declared, newest first")
            .Produces<Page<MeterResponse>>().ProducesProblem(StatusCodes.Status404NotFound);
        meters.MapPost("/{id}/archive", ArchiveAsync).WithName("archiveMeter").RequirePermission(Permission.ManageApis).WithSummary("No new plan may name it; what is reported still counts")
            .Produces<MeterResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
        meters.MapPost("/{id}/restore", RestoreAsync).WithName("restoreMeter").RequirePermission(Permission.ManageApis).WithSummary("Takes an archived meter up again")
            .Produces<MeterResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> DeclareAsync(DeclareMeterRequest request, Caller caller, AuditActor actor, IAuditLog audit, IDatabase database, MeterStore meters, CancellationToken cancellation)
    {
        var organization = caller.Organization(request.Organization);
        if (organization.Failure is { } refused)
            return Problems.Result(refused);
        var made = await database.AsAppAsync(caller.Tenant, async session =>
        {
            var declared = await meters.DeclareAsync(session, organization.Value, request).ConfigureAwait(false);
            if (declared.Succeeded)
                await audit.WriteAsync(session, actor, Change("meter.declared", declared.Value)).ConfigureAwait(false);
            return declared;
        }, cancellation).ConfigureAwait(false);
        return made.ToResult(meter => Results.Created($"/api/meters/{TypeId.Format("meter", meter.Id)}", meter.ToResponse()));
    }

    private static async Task<IResult> ListAsync([AsParameters] MeterListParameters list, Caller caller, IDatabase database, MeterStore meters, CancellationToken cancellation)
    {
        var organization = caller.Organization(list.Organization);
        if (organization.Failure is { } refused)
            return Problems.Result(refused);
        var rows = await database.AsAppAsync(caller.Tenant, session =>
            meters.ListAsync(session, organization.Value.OrganizationId, list.Archived == "true", list.Count + 1, list.Last), cancellation).ConfigureAwait(false);
        var page = Page<MeterRow>.Cut(rows, list.Count, row => row.Id.ToString());
        return Results.Ok(new Page<MeterResponse>([.. page.Data.Select(row => row.ToResponse())], page.HasMore, page.Next));
    }

    private static Task<IResult> ArchiveAsync(string id, Caller caller, AuditActor actor, IAuditLog audit, IDatabase database, MeterStore meters, CancellationToken cancellation) =>
        SetArchivedAsync(id, archived: true, caller, actor, audit, database, meters, cancellation);

    private static Task<IResult> RestoreAsync(string id, Caller caller, AuditActor actor, IAuditLog audit, IDatabase database, MeterStore meters, CancellationToken cancellation) =>
        SetArchivedAsync(id, archived: false, caller, actor, audit, database, meters, cancellation);

    private static async Task<IResult> SetArchivedAsync(
        string id, bool archived, Caller caller, AuditActor actor, IAuditLog audit, IDatabase database, MeterStore meters, CancellationToken cancellation)
    {
        if (!TypeId.TryParse(id, "meter", out var meterId))
            return Problems.Result(Failure.NotFound("meter"));
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<MeterRow>> (session) =>
        {
            if (await MeterStore.FindAsync(session, meterId).ConfigureAwait(false) is not { } meter)
                return Failure.NotFound("meter");
            if (caller.Refusal(meter.OrganizationId, "meter") is { } refused)
                return refused;
            await audit.WriteAsync(session, actor, Change(archived ? "meter.archived" : "meter.restored", meter)).ConfigureAwait(false);
            return await meters.SetArchivedAsync(session, meterId, archived).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
        return outcome.ToResult(meter => Results.Ok(meter.ToResponse()));
    }

    private static AuditChange Change(string action, MeterRow meter) => new(action, TypeId.Format("meter", meter.Id), meter.OrganizationId, After: new { meter.Name, meter.Unit });
}
