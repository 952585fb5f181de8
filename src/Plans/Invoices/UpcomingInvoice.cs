using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Metering;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans.Invoices;

internal sealed record InvoiceLineResponse(
    InvoiceLineKind Kind, string Description, string? Meter, decimal Quantity, string UnitPrice, long Amount, decimal? Included, decimal? Used, int PlanVersion)
{
    public static InvoiceLineResponse From(InvoiceLine line) => new(
        line.Kind, line.Description, line.Meter, Plain(line.Quantity), PlanText.Number(line.UnitPrice), line.Amount,
        line.Included is { } included ? Plain(included) : null, line.Used is { } used ? Plain(used) : null, line.PlanVersion);

    // SQL numerics come with trailing zeros; whole numbers are to look whole.
    private static decimal Plain(decimal value) => value / 1.0000000000000000000000000000m;
}

internal sealed record UpcomingInvoiceResponse(
    string SubscriptionId, string Currency, DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd, DateTimeOffset AsOf, IReadOnlyList<InvoiceLineResponse> Lines, long Total);

/// <summary>What the running period costs up to now, with the arithmetic visible. For the consumer; a provider sees its revenue elsewhere.</summary>
internal static class UpcomingInvoice
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/subscriptions/{id}/invoices/upcoming", GetAsync)
        .WithName("getUpcomingInvoice")
        .WithTags("Subscriptions")
        .WithSummary("The lines of the running period: plan price, overage by allowance, total.")
        .Produces<UpcomingInvoiceResponse>()
        .ProducesProblem(StatusCodes.Status404NotFound)
        .RequirePermission(Permission.View, TokenScope.ReadBilling);

    private static async Task<IResult> GetAsync(
        string id, Caller caller, IDatabase database, ISubscriptions subscriptions, IUsage usage, TimeProvider clock, CancellationToken cancellation)
    {
        if (!TypeId.TryParse(id, "sub", out var subscriptionId))
            return Problems.Result(Failure.NotFound("subscription"));
        var outcome = await database.AsAppAsync(caller.Tenant, session => ComposeAsync(session, subscriptionId, caller, subscriptions, usage, clock), cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }

    private static async Task<Outcome<UpcomingInvoiceResponse>> ComposeAsync(
        DbSession session, Guid subscriptionId, Caller caller, ISubscriptions subscriptions, IUsage usage, TimeProvider clock)
    {
        var subscription = await subscriptions.FindAsync(session, subscriptionId).ConfigureAwait(false);
        if (subscription is null || caller.Refusal(subscription.OrganizationId, "subscription") is not null)
            return Failure.NotFound("subscription");
        var used = await usage.OfPeriodAsync(session, subscriptionId, subscription.PeriodStart).ConfigureAwait(false);
        var others = used.Select(u => u.PlanVersion).Where(v => v != subscription.Plan.Version).Distinct().ToArray();
        var earlier = others.Length == 0 ? [] : await PlanStore.VersionsAsync(session, subscription.Plan.Id, others).ConfigureAwait(false);
        var rated = Rating.Rate(subscription.Plan, earlier, used);
        if (rated.Failure is { } failure)
            return failure;
        return new UpcomingInvoiceResponse(
            TypeId.Format("sub", subscription.Id), rated.Value.Currency, subscription.PeriodStart, subscription.PeriodEnd, clock.GetUtcNow(),
            [.. rated.Value.Lines.Select(InvoiceLineResponse.From)], rated.Value.Total);
    }
}
