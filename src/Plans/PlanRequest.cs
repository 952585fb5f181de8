using Tollgate.Foundation;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans;

/// <summary>The price of a plan as it is sent: amount in minor units, lower-case ISO 4217 currency, interval month or year.</summary>
public sealed record PriceBody(long? Amount, string? Currency, string? Interval);

/// <summary>An allowance as it is sent; unit_price is a decimal string in the major unit.</summary>
public sealed record AllowanceBody(string? Meter, long? Amount, string? Window, string? Past, string? UnitPrice);

/// <summary>The body that creates or revises a plan. <see cref="ToDraft"/> holds only once <see cref="Validate"/> found nothing wrong.</summary>
public sealed class PlanRequest : IRequest
{
    public string? Name { get; init; }

    public string? Description { get; init; }

    public PriceBody? Price { get; init; }

    public IReadOnlyList<AllowanceBody?>? Allowances { get; init; }

    /// <summary>Calls of a subscription in flight at once; null for any number.</summary>
    public int? Concurrency { get; init; }

    public void Validate(Errors errors) => PlanRules.Check(this, errors);

    public PlanDraft ToDraft() => new(
        Name!.Trim(), Description?.Trim() ?? "",
        new Price(Price!.Amount!.Value, Price.Currency!, PlanText.Interval(Price.Interval)!.Value),
        [.. (Allowances ?? []).Select(a => new Allowance(
            a!.Meter!, a.Amount!.Value, PlanText.Window(a.Window)!.Value, PlanText.Past(a.Past)!.Value, PlanText.UnitPrice(a.UnitPrice)))],
        Concurrency);
}
