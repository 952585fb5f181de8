using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Metering.Usage;

namespace Tollgate.Metering.Reports;

internal static class ReportEndpoints
{
    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapPost("/api/usage/events", ReportAsync).WithName("reportUsage").RequirePermission(Permission.ReportUsage).WithTags("Usage")
            .WithSummary("Report usage of your own meters as CloudEvents, one or a batch; each event has its own verdict")
            .Accepts<CloudEventBody[]>(ReportBody.Batch, ReportBody.Single, ReportBody.Data)
            .Produces<ReportResponse>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        routes.MapGet("/api/usage/events", ListAsync).WithName("listReportedUsage").RequirePermission(Permission.View, TokenScope.ReadUsage).WithTags("Usage")
            .WithSummary("What was reported for a subscription, or by an organization, newest first")
            .Produces<Page<ReportedEventResponse>>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ReportAsync(HttpRequest http, Caller caller, ReportIntake intake, ReportTurns turns, CancellationToken cancellation)
    {
        var read = await ReportBody.ReadAsync(http, cancellation).ConfigureAwait(false);
        if (read.Failure is { } failure)
            return Problems.Result(failure);
        using var items = read.Value;
        var reporter = caller.AllowedTenant;
        using var turn = await turns.TakeAsync(reporter.OrganizationIds, cancellation).ConfigureAwait(false);
        if (turn is null)
            return Problems.Result(ReportTurns.Busy);
        // Once the events are read, the answer is worth finishing: a client that left sends them again and is told that they are known.
        return Results.Ok(ReportResponse.Of(await intake.TakeAsync(reporter, items.Items, CancellationToken.None).ConfigureAwait(false)));
    }

    private static async Task<IResult> ListAsync(
        Caller caller, [AsParameters] ReportListParameters list, IDatabase database, IEnumerable<IUsageSubjects> subjects, CancellationToken cancellation)
    {
        var of = list.Of(caller);
        if (of.Failure is { } failure)
            return Problems.Result(failure);
        var page = await database.AsAppAsync<Outcome<Page<ReportedEventResponse>>>(caller.Tenant, async session =>
            await of.Value.HiddenAsync(session, subjects).ConfigureAwait(false) is { } hidden
                ? hidden
                : await ReportStore.ListAsync(session, of.Value, list).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        return page.ToResult(Results.Ok);
    }
}
