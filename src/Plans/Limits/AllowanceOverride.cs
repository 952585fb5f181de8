using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans.Limits;

/// <summary>Another amount of one of the plan's refusing allowances, for one subscription. What is charged for is frozen with the plan's version.</summary>
internal sealed record AllowanceOverride(string Meter, string Window, long Amount)
{
    public static IReadOnlyList<Allowance> Apply(IReadOnlyList<Allowance> allowances, string? overrides)
    {
        if (overrides is null)
            return allowances;
        var changed = JsonSerializer.Deserialize<List<AllowanceOverride>>(overrides, Json.Options)!;
        return [.. allowances.Select(allowance => changed.Find(one => one.IsOf(allowance)) is { } found ? allowance with { Amount = found.Amount } : allowance)];
    }

    public bool IsOf(Allowance allowance) => allowance.Past == PastAllowance.Deny && allowance.Meter == Meter && PlanText.Window(Window) == allowance.Window;
}
