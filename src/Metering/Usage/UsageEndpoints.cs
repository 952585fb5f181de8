using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Metering.Usage;

internal static class UsageEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithApiDefaults();
        group.MapGet("/api/usage", GetUsageAsync).WithName("getUsage").RequirePermission(Permission.View, TokenScope.ReadUsage).WithTags("Usage")
            .WithSummary("Usage of a subscription, an API or an organization, by hour or day (the last 30 days by day unless told otherwise)")
            .Produces<UsageResponse>().ProducesProblem(StatusCodes.Status401Unauthorized, Problems.ContentType)
            .ProducesProblem(StatusCodes.Status404NotFound, Problems.ContentType);
        group.MapGet("/api/usage/meters", GetMeterUsageAsync).WithName("getMeterUsage").RequirePermission(Permission.View, TokenScope.ReadUsage).WithTags("Usage")
            .WithSummary("What was reported for a subscription, an API or an organization, by declared meter and hour or day")
            .Produces<MeterUsageResponse>().ProducesProblem(StatusCodes.Status401Unauthorized, Problems.ContentType)
            .ProducesProblem(StatusCodes.Status404NotFound, Problems.ContentType);
        group.MapGet("/api/request-log", ListRequestLogAsync).WithName("listRequestLog").RequirePermission(Permission.ReadRequestLog).WithTags("Usage")
            .WithSummary("The calls of a subscription, an API or an organization, newest first")
            .Produces<Page<RequestLogResponse>>().ProducesProblem(StatusCodes.Status401Unauthorized, Problems.ContentType)
            .ProducesProblem(StatusCodes.Status403Forbidden, Problems.ContentType)
            .ProducesProblem(StatusCodes.Status404NotFound, Problems.ContentType);
    }

    private static async Task<IResult> GetUsageAsync(
        Caller caller, [AsParameters] SubjectParameters subject, [AsParameters] UsageRangeParameters range, IDatabase database, IEnumerable<IUsageSubjects> subjects,
        CancellationToken cancellation)
    {
        var of = subject.Of(caller);
        if (of.Failure is not null)
            return Problems.Result(of.Failure);
        var usage = await database.AsAppAsync<Outcome<UsageResponse>>(caller.Tenant, async session =>
            await of.Value.HiddenAsync(session, subjects).ConfigureAwait(false) is { } hidden
                ? hidden
                : await UsageStore.ReadAsync(session, of.Value, range.Range, range.Now).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        return usage.ToResult(Results.Ok);
    }

    private static async Task<IResult> GetMeterUsageAsync(
        Caller caller, [AsParameters] SubjectParameters subject, [AsParameters] MeterUsageParameters meters, [AsParameters] UsageRangeParameters range, IDatabase database,
        IEnumerable<IUsageSubjects> subjects, IEnumerable<IReportSubjects> subscriptions, CancellationToken cancellation)
    {
        var of = subject.Of(caller);
        if (of.Failure is not null)
            return Problems.Result(of.Failure);
        var usage = await database.AsAppAsync<Outcome<MeterUsageResponse>>(caller.Tenant, async session =>
            await of.Value.HiddenAsync(session, subjects).ConfigureAwait(false) is { } hidden
                ? hidden
                : await MeterUsageStore.ReadAsync(session, of.Value, meters.Meter, range.Range, range.Now, subscriptions).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        return usage.ToResult(Results.Ok);
    }

    private static async Task<IResult> ListRequestLogAsync(
        Caller caller, [AsParameters] SubjectParameters subject, [AsParameters] RequestLogParameters filter,
        IDatabase database, IEnumerable<IUsageSubjects> subjects, CancellationToken cancellation)
    {
        var of = subject.Of(caller);
        if (of.Failure is not null)
            return Problems.Result(of.Failure);
        var page = await database.AsAppAsync<Outcome<Page<RequestLogResponse>>>(caller.AllowedTenant, async session =>
            await of.Value.HiddenAsync(session, subjects).ConfigureAwait(false) is { } hidden
                ? hidden
                : await RequestLogStore.ListAsync(session, of.Value, filter.Filter).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        if (page.Failure is { Kind: FailureKind.NotFound }
            && await database.AsAppAsync(caller.Tenant, session => of.Value.HiddenAsync(session, subjects), cancellation).ConfigureAwait(false) is null)
            return Problems.Result(Failure.Forbidden("Your role in this organization does not allow to read single calls."));
        return page.ToResult(Results.Ok);
    }
}
