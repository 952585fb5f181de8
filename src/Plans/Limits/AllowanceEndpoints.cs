using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans.Limits;

/// <summary>A provider gives one of its subscribers another amount; both see it, with who did it and when.</summary>
internal static class AllowanceEndpoints
{
    private const string Find = "SELECT meter, time_window, amount, set_by, set_at FROM plans.allowance_override WHERE subscription_id = @id";
    private const string Clear = "DELETE FROM plans.allowance_override WHERE subscription_id = @id AND NOT (meter || ':' || time_window = ANY (@kept))";

    // What stays as it is keeps who set it.
    private const string Set = """
        INSERT INTO plans.allowance_override AS o (subscription_id, meter, time_window, amount, organization_id, provider_organization_id, set_by, set_at)
        VALUES (@id, @meter, @window, @amount, @consumer, @provider, @account, @now)
        ON CONFLICT (subscription_id, meter, time_window) DO UPDATE SET amount = excluded.amount, set_by = excluded.set_by, set_at = excluded.set_at
        WHERE o.amount <> excluded.amount
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/subscriptions/{id}/allowances", GetAsync).WithName("getSubscriptionAllowances").RequirePermission(Permission.View, TokenScope.ReadSubscriptions).WithTags("Subscriptions")
            .WithSummary("The allowances that hold for a subscription, with what its provider has set for it alone")
            .Produces<SubscriptionAllowancesResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        routes.MapPut("/api/subscriptions/{id}/allowances", PutAsync).WithName("overrideSubscriptionAllowances").RequirePermission(Permission.ManageApis).WithTags("Subscriptions")
            .WithSummary("The provider's: other amounts for one subscription, in place of those set before")
            .Produces<SubscriptionAllowancesResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> GetAsync(string id, Caller caller, IDatabase database, ISubscriptions subscriptions, CancellationToken cancellation)
    {
        if (!TypeId.TryParse(id, "sub", out var subscriptionId))
            return Problems.Result(Failure.NotFound("subscription"));
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<SubscriptionAllowancesResponse>> (session) =>
            await subscriptions.FindAsync(session, subscriptionId).ConfigureAwait(false) is { } subscription
                ? await ReadAsync(session, subscription).ConfigureAwait(false)
                : Failure.NotFound("subscription"), cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }

    private static async Task<IResult> PutAsync(
        string id, OverridesRequest request, Caller caller, AuditActor actor, IAuditLog audit, IDatabase database, ISubscriptions subscriptions, IChangeFeed feed, TimeProvider clock, CancellationToken cancellation)
    {
        if (!TypeId.TryParse(id, "sub", out var subscriptionId))
            return Problems.Result(Failure.NotFound("subscription"));
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<SubscriptionAllowancesResponse>> (session) =>
        {
            var subscription = await subscriptions.FindAsync(session, subscriptionId).ConfigureAwait(false);
            if (subscription is null)
                return Failure.NotFound("subscription");
            if (!caller.IsAllowed(subscription.Plan.Product.ProviderOrganizationId))
                return Failure.Forbidden("Only the provider of the plan sets other amounts for a subscription.");
            if (Unknown(request.Overrides!, subscription.Plan) is { } wrong)
                return wrong;
            var before = await ReadAsync(session, subscription).ConfigureAwait(false);
            await WriteAsync(session, request.Overrides!, subscription, caller, clock.GetUtcNow()).ConfigureAwait(false);
            var after = await ReadAsync(session, subscription).ConfigureAwait(false);
            await audit.WriteAsync(session, actor, new AuditChange("subscription.allowances_set", id, subscription.Plan.Product.ProviderOrganizationId, Amounts(before), Amounts(after)))
                .ConfigureAwait(false);
            return after;
        }, cancellation).ConfigureAwait(false);
        if (outcome.Succeeded)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }

    private static object Amounts(SubscriptionAllowancesResponse response) => new { Allowances = response.Allowances.Select(one => new { one.Meter, one.Window, one.Amount }) };

    private static Failure? Unknown(IReadOnlyList<OverrideBody?> overrides, Plan plan)
    {
        var errors = new Errors();
        for (var i = 0; i < overrides.Count; i++)
            errors.Check(plan.Allowances.Any(new AllowanceOverride(overrides[i]!.Meter!, overrides[i]!.Window!, 0).IsOf), $"overrides[{i}]", "NOT_IN_PLAN",
                "The plan has no allowance of this meter and window that refuses. What is charged for is frozen with the plan's version.");
        return errors.Any ? errors.ToFailure() : null;
    }

    private static async Task WriteAsync(DbSession session, IReadOnlyList<OverrideBody?> overrides, Subscription subscription, Caller caller, DateTimeOffset now)
    {
        await session.ExecuteAsync(Clear, new { id = subscription.Id, kept = overrides.Select(one => $"{one!.Meter}:{one.Window}").ToArray() }).ConfigureAwait(false);
        foreach (var one in overrides)
            await session.ExecuteAsync(Set, new
            {
                id = subscription.Id,
                meter = one!.Meter,
                window = one.Window,
                amount = one.Amount,
                consumer = subscription.OrganizationId,
                provider = subscription.Plan.Product.ProviderOrganizationId,
                account = caller.AccountId,
                now,
            }).ConfigureAwait(false);
    }

    private static async Task<SubscriptionAllowancesResponse> ReadAsync(DbSession session, Subscription subscription)
    {
        var rows = await session.QueryAsync<Row>(Find, new { id = subscription.Id }).ConfigureAwait(false);
        return new SubscriptionAllowancesResponse([.. subscription.Plan.Allowances.Select(allowance =>
        {
            var row = rows.FirstOrDefault(found => new AllowanceOverride(found.Meter, found.TimeWindow, found.Amount).IsOf(allowance));
            return new SubscriptionAllowanceResponse(allowance.Meter, allowance.Window, allowance.Past, allowance.Amount, row?.Amount ?? allowance.Amount, row is not null,
                row is null ? null : TypeId.Format("acc", row.SetBy), row?.SetAt);
        })]);
    }

    private sealed class Row
    {
        public string Meter { get; init; } = "";

        public string TimeWindow { get; init; } = "";

        public long Amount { get; init; }

        public Guid SetBy { get; init; }

        public DateTimeOffset SetAt { get; init; }
    }
}
