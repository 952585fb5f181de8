using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;

namespace Tollgate.Identity.Audit;

internal static class AuditEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/audit-log").WithApiDefaults().WithTags("Audit log");
        group.MapGet("", ListAsync).WithName("listAuditLog").WithSummary("Who changed what: an organization's entries (for its owners and admins), or one's own; newest first")
            .Produces<Page<AuditEntryResponse>>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).RequirePermission(Permission.ReadAuditLog, operatorsToo: true);
        group.MapGet("/export", ExportAsync).WithName("exportAuditLog").WithSummary("The same entries as a file, all of them: CSV, or a JSON object a line")
            .Produces(StatusCodes.Status200OK, contentType: "text/csv", additionalContentTypes: "application/jsonl")
            .ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).RequirePermission(Permission.ReadAuditLog, operatorsToo: true);
    }

    private static async Task<IResult> ListAsync(
        Caller caller, AuditActor actor, [AsParameters] AuditParameters query, AuditReader reader, CancellationToken cancellation)
    {
        var scope = await reader.ScopeAsync(caller, actor, query.Organization, "audit_log.read", cancellation).ConfigureAwait(false);
        if (scope.Failure is { } failure)
            return Problems.Result(failure);
        var rows = await reader.ReadAsync(scope.Value, query.Filter, query.Last, query.Count + 1, cancellation).ConfigureAwait(false);
        var page = Page<AuditRow>.Cut(rows, query.Count, row => row.Id.ToString());
        return Results.Ok(new Page<AuditEntryResponse>([.. page.Data.Select(row => AuditEntryResponse.From(row, caller.AccountId, scope.Value))], page.HasMore, page.Next));
    }

    private static async Task<IResult> ExportAsync(
        Caller caller, AuditActor actor, [AsParameters] AuditParameters query, AuditReader reader, TimeProvider clock, CancellationToken cancellation)
    {
        var scope = await reader.ScopeAsync(caller, actor, query.Organization, "audit_log.exported", cancellation).ConfigureAwait(false);
        if (scope.Failure is { } failure)
            return Problems.Result(failure);
        var entries = reader.AllAsync(scope.Value, query.Filter, caller.AccountId, cancellation);
        var csv = query.Format != "jsonl";
        return Results.Stream(output => csv ? AuditExport.WriteCsvAsync(entries, output, cancellation) : AuditExport.WriteJsonLinesAsync(entries, output, cancellation),
            csv ? "text/csv; charset=utf-8" : "application/jsonl", $"audit-log-{clock.GetUtcNow():yyyy-MM-dd}.{(csv ? "csv" : "jsonl")}");
    }
}
