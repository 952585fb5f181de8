using Tollgate.Foundation;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans;

public sealed record PriceResponse(long Amount, string Currency, PriceInterval Interval);

/// <summary><paramref name="UnitPrice"/> is a decimal string in the major unit without trailing zeros.</summary>
public sealed record AllowanceResponse(string Meter, long Amount, Window Window, PastAllowance Past, string? UnitPrice);

/// <summary>A plan as every endpoint shows it.</summary>
public sealed record PlanResponse(
    string Id, int Version, string Name, string Description, PriceResponse Price, IReadOnlyList<AllowanceResponse> Allowances, bool OnSale, bool Archived)
{
    public static PlanResponse From(Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new PlanResponse(
            TypeId.Format("plan", plan.Id), plan.Version, plan.Name, plan.Description,
            new PriceResponse(plan.Price.Amount, plan.Price.Currency, plan.Price.Interval),
            [.. plan.Allowances.Select(a => new AllowanceResponse(a.Meter, a.Amount, a.Window, a.Past, PlanText.UnitPrice(a.UnitPrice)))],
            plan.OnSale, plan.Archived);
    }
}
