using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans.Limits;

/// <param name="Amount">In minor units of the plan's currency; null for no cap.</param>
internal sealed record SpendCapRequest(long? Amount) : IRequest
{
    public void Validate(Errors errors) =>
        errors.Check(Amount is null or (>= 0 and <= PlanRules.MaximumPrice), "amount", "OUT_OF_RANGE", $"A whole number of minor units between 0 and {PlanRules.MaximumPrice}, or null for no cap.");
}

internal sealed record SpendCapResponse(long? Amount, string Currency, string? SetBy, DateTimeOffset? SetAt);

/// <summary>The most that a consumer wants a billing period to cost beyond the plan's price.</summary>
internal static class SpendCapEndpoints
{
    private const string Find = "SELECT amount, set_by, set_at FROM plans.spend_cap WHERE subscription_id = @id";
    private const string Clear = "DELETE FROM plans.spend_cap WHERE subscription_id = @id";

    private const string Set = """
        INSERT INTO plans.spend_cap (subscription_id, organization_id, amount, set_by, set_at) VALUES (@id, @organization, @amount, @account, @now)
        ON CONFLICT (subscription_id) DO UPDATE SET amount = excluded.amount, set_by = excluded.set_by, set_at = excluded.set_at
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/subscriptions/{id}/spend-cap", GetAsync).WithName("getSpendCap").RequirePermission(Permission.View, TokenScope.ReadSubscriptions).WithTags("Subscriptions")
            .WithSummary("The most that a billing period may cost beyond the plan's price")
            .Produces<SpendCapResponse>().ProducesProblem(StatusCodes.Status404NotFound);
        routes.MapPut("/api/subscriptions/{id}/spend-cap", PutAsync).WithName("setSpendCap").RequirePermission(Permission.ManageSubscriptions).WithTags("Subscriptions")
            .WithSummary("Sets or removes it; calls that would cost more are refused with RATE_LIMITED, reason spend_cap, within a second of the one that reaches it")
            .Produces<SpendCapResponse>().ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static Task<IResult> GetAsync(string id, Caller caller, IDatabase database, ISubscriptions subscriptions, IChangeFeed feed, CancellationToken cancellation) =>
        RunAsync(id, caller, database, subscriptions, feed, static (_, _, _) => Task.CompletedTask, cancellation);

    private static Task<IResult> PutAsync(
        string id, SpendCapRequest request, Caller caller, AuditActor actor, IAuditLog audit, IDatabase database, ISubscriptions subscriptions, IChangeFeed feed, TimeProvider clock,
        CancellationToken cancellation) => RunAsync(id, caller, database, subscriptions, feed, async (session, subscription, before) =>
    {
        await (request.Amount is { } amount
            ? session.ExecuteAsync(Set, new { id = subscription.Id, organization = subscription.OrganizationId, amount, account = caller.AccountId, now = clock.GetUtcNow() })
            : session.ExecuteAsync(Clear, new { id = subscription.Id })).ConfigureAwait(false);
        await audit.WriteAsync(session, actor, new AuditChange("subscription.spend_cap_set", id, subscription.OrganizationId, new { amount = before }, new { request.Amount })).ConfigureAwait(false);
    }, cancellation);

    private static async Task<IResult> RunAsync(string id, Caller caller, IDatabase database, ISubscriptions subscriptions, IChangeFeed feed,
        Func<DbSession, Subscription, long?, Task> change, CancellationToken cancellation)
    {
        if (!TypeId.TryParse(id, "sub", out var subscriptionId))
            return Problems.Result(Failure.NotFound("subscription"));
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<SpendCapResponse>> (session) =>
        {
            // To the provider it is not there: what a consumer will spend is its own matter.
            var subscription = await subscriptions.FindAsync(session, subscriptionId).ConfigureAwait(false);
            if (subscription is null)
                return Failure.NotFound("subscription");
            if (caller.Refusal(subscription.OrganizationId, "subscription") is { } refused)
                return refused;
            var before = await session.QuerySingleOrDefaultAsync<Row>(Find, new { id = subscriptionId }).ConfigureAwait(false);
            await change(session, subscription, before?.Amount).ConfigureAwait(false);
            var row = await session.QuerySingleOrDefaultAsync<Row>(Find, new { id = subscriptionId }).ConfigureAwait(false);
            return new SpendCapResponse(row?.Amount, subscription.Plan.Price.Currency, row is null ? null : TypeId.Format("acc", row.SetBy), row?.SetAt);
        }, cancellation).ConfigureAwait(false);
        if (outcome.Succeeded)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }

    private sealed class Row
    {
        public long Amount { get; init; }

        public Guid SetBy { get; init; }

        public DateTimeOffset SetAt { get; init; }
    }
}
