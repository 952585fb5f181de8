using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Metering.Usage;

internal static class UsageEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithApiDefaults();
        group.MapGet("/api/usage", GetUsageAsync).WithName("getUsage").WithTags("Usage").RequireAuthorization()
            .WithSummary("Usage of a subscription, an API or an organization, by hour or day (the last 30 days by day unless told otherwise)")
            .Produces<UsageResponse>().ProducesProblem(StatusCodes.Status401Unauthorized, Problems.ContentType)
            .ProducesProblem(StatusCodes.Status404NotFound, Problems.ContentType);
        group.MapGet("/api/request-log", ListRequestLogAsync).WithName("listRequestLog").WithTags("Usage").RequireAuthorization()
            .WithSummary("The calls of a subscription, an API or an organization, newest first")
            .Produces<Page<RequestLogResponse>>().ProducesProblem(StatusCodes.Status401Unauthorized, Problems.ContentType)
            .ProducesProblem(StatusCodes.Status404NotFound, Problems.ContentType);
    }

    private static async Task<IResult> GetUsageAsync(
        Caller caller, [AsParameters] SubjectParameters subject, [FromQuery(Name = "from")] string? from, [FromQuery(Name = "to")] string? to,
        [FromQuery(Name = "interval")] string? interval, IDatabase database, IEnumerable<IUsageSubjects> subjects, TimeProvider clock, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var of = subject.Parse(caller);
        if (of.Failure is not null)
            return Problems.Result(of.Failure);
        var range = UsageRange.Parse(from, to, interval, now);
        if (range.Failure is not null)
            return Problems.Result(range.Failure);
        var usage = await database.AsAppAsync<Outcome<UsageResponse>>(caller.Tenant, async session =>
            await of.Value.HiddenAsync(session, subjects).ConfigureAwait(false) is { } hidden
                ? hidden
                : await UsageStore.ReadAsync(session, of.Value, range.Value, now).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        return usage.ToResult(Results.Ok);
    }

    private static async Task<IResult> ListRequestLogAsync(
        Caller caller, [AsParameters] SubjectParameters subject, [AsParameters] RequestLogParameters parameters,
        IDatabase database, IEnumerable<IUsageSubjects> subjects, CancellationToken cancellation)
    {
        var of = subject.Parse(caller);
        if (of.Failure is not null)
            return Problems.Result(of.Failure);
        var filter = RequestLogFilter.Parse(parameters);
        if (filter.Failure is not null)
            return Problems.Result(filter.Failure);
        var page = await database.AsAppAsync<Outcome<Page<RequestLogResponse>>>(caller.Tenant, async session =>
            await of.Value.HiddenAsync(session, subjects).ConfigureAwait(false) is { } hidden
                ? hidden
                : await RequestLogStore.ListAsync(session, of.Value, filter.Value).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        return page.ToResult(Results.Ok);
    }
}

/// <summary>At most one of the three; none is the caller's personal organization.</summary>
internal sealed class SubjectParameters
{
    [FromQuery(Name = "subscription")]
    public string? Subscription { get; init; }

    [FromQuery(Name = "api")]
    public string? Api { get; init; }

    /// <summary>Id or slug.</summary>
    [FromQuery(Name = "organization")]
    public string? Organization { get; init; }

    /// <summary>With organization: `consumer` (what it used, the default) or `provider` (what its APIs served).</summary>
    [FromQuery(Name = "side")]
    public string? Side { get; init; }

    public Outcome<UsageSubject> Parse(Caller caller) => UsageSubject.Parse(caller, Subscription, Api, Organization, Side);
}
