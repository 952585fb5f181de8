using Tollgate.Foundation;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans;

public sealed record PriceResponse(long Amount, string Currency, PriceInterval Interval);

/// <summary><paramref name="UnitPrice"/> is a decimal string in the major unit without trailing zeros.</summary>
public sealed record AllowanceResponse(string Meter, long Amount, Window Window, PastAllowance Past, string? UnitPrice);

/// <summary>A plan as every endpoint shows it.</summary>
public sealed record PlanResponse(
    string Id, int Version, string Name, string Description, PriceResponse Price, IReadOnlyList<AllowanceResponse> Allowances, bool OnSale, bool Archived, int? Concurrency)
{
    /// <summary>What a change in the middle of a window means, in words to show before buying.</summary>
    public string ChangeRule { get; } =
        "A change of plan or of its version counts at once. What was used in a running window stays used: a higher limit adds the difference, past a lower one nothing is left "
        + "until the window ends. Leaving and coming back within a billing period renews nothing. Each unit is charged at the price of the version under which it was used.";

    public static PlanResponse From(Plan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new PlanResponse(
            TypeId.Format("plan", plan.Id), plan.Version, plan.Name, plan.Description,
            new PriceResponse(plan.Price.Amount, plan.Price.Currency, plan.Price.Interval),
            [.. plan.Allowances.Select(a => new AllowanceResponse(a.Meter, a.Amount, a.Window, a.Past, PlanText.UnitPrice(a.UnitPrice)))],
            plan.OnSale, plan.Archived, plan.Concurrency);
    }
}
