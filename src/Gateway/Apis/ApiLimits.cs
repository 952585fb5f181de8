using Microsoft.AspNetCore.Http;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Gateway.Apis;

internal sealed record ApiLimitBody(string? Window, long? Amount);

/// <summary>All limits of an API over its consumers; an empty list removes every one.</summary>
internal sealed record ApiLimitsRequest(IReadOnlyList<ApiLimitBody?>? Limits) : IRequest
{
    private const long MaximumAmount = 1_000_000_000;

    public void Validate(Errors errors)
    {
        if (Limits is null)
        {
            errors.Add("limits", "REQUIRED", "This field is required.");
            return;
        }
        errors.Check(Limits.Count <= 3, "limits", "TOO_MANY", "At most one limit for each of second, minute and hour.");
        for (var i = 0; i < Math.Min(Limits.Count, 3); i++)
        {
            var window = Limits[i]?.Window;
            errors.Check(WindowOf(window) is not null, $"limits[{i}].window", "UNKNOWN_VALUE", "One of second, minute, hour.");
            errors.Check(Limits[i]?.Amount is > 0 and <= MaximumAmount, $"limits[{i}].amount", "OUT_OF_RANGE", $"A whole number between 1 and {MaximumAmount}.");
            errors.Check(!Limits.Take(i).Any(before => before?.Window == window), $"limits[{i}].window", "DUPLICATE", "There is already a limit of this window.");
        }
    }

    public IReadOnlyList<ProductLimit> ToLimits() => [.. Limits!.Select(limit => new ProductLimit(WindowOf(limit!.Window)!.Value, limit.Amount!.Value))];

    private static Window? WindowOf(string? text) => text switch
    {
        "second" => Window.Second,
        "minute" => Window.Minute,
        "hour" => Window.Hour,
        _ => null,
    };
}

internal sealed record ApiLimitResponse(Window Window, long Amount);

internal sealed record ApiLimitsResponse(IReadOnlyList<ApiLimitResponse> Limits, string? SetBy, DateTimeOffset? SetAt)
{
    public static ApiLimitsResponse From(ProductLimits limits) => new(
        [.. limits.Limits.Select(limit => new ApiLimitResponse(limit.Window, limit.Amount))], limits.SetBy is { } account ? TypeId.Format("acc", account) : null, limits.SetAt);
}

/// <summary>What an API's provider allows all consumers together, so that the upstream is not overrun.</summary>
internal static class ApiLimits
{
    public static async Task<IResult> GetAsync(string id, Caller caller, IDatabase database, IProductLimits limits, CancellationToken cancellation)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<ApiLimitsResponse>> (session) =>
        {
            var api = await ApiStore.FindOwnAsync(session, caller, id).ConfigureAwait(false);
            return api.Failure is { } notFound ? notFound : ApiLimitsResponse.From(await limits.OfAsync(session, api.Value.Id).ConfigureAwait(false));
        }, cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }

    public static async Task<IResult> PutAsync(string id, ApiLimitsRequest request, Caller caller, AuditActor actor, IAuditLog audit, IDatabase database, IProductLimits limits, IChangeFeed feed,
        CancellationToken cancellation)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<ApiLimitsResponse>> (session) =>
        {
            var api = await ApiStore.FindOwnAsync(session, caller, id, forUpdate: true).ConfigureAwait(false);
            if (api.Failure is { } notFound)
                return notFound;
            var before = await limits.OfAsync(session, api.Value.Id).ConfigureAwait(false);
            await limits.SetAsync(session, api.Value.Id, api.Value.OrganizationId, caller.AccountId, request.ToLimits()).ConfigureAwait(false);
            var after = await limits.OfAsync(session, api.Value.Id).ConfigureAwait(false);
            await audit.WriteAsync(session, actor, ApiAudit.LimitsSet(api.Value, before, after)).ConfigureAwait(false);
            return ApiLimitsResponse.From(after);
        }, cancellation).ConfigureAwait(false);
        if (outcome.Succeeded)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }
}
