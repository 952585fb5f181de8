using Tollgate.Foundation;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans.Limits;

internal sealed record OverrideBody(string? Meter, string? Window, long? Amount);

/// <summary>All overrides of a subscription; an empty list takes back every one.</summary>
internal sealed record OverridesRequest(IReadOnlyList<OverrideBody?>? Overrides) : IRequest
{
    public void Validate(Errors errors)
    {
        if (Overrides is null)
        {
            errors.Add("overrides", "REQUIRED", "This field is required.");
            return;
        }
        errors.Check(Overrides.Count <= PlanRules.MaximumAllowances, "overrides", "TOO_MANY", $"At most {PlanRules.MaximumAllowances} overrides are allowed.");
        for (var i = 0; i < Math.Min(Overrides.Count, PlanRules.MaximumAllowances); i++)
        {
            if (Overrides[i] is not { } one)
            {
                errors.Add($"overrides[{i}]", "REQUIRED", "An override is an object.");
                continue;
            }
            errors.Text($"overrides[{i}].meter", one.Meter, 1, 100);
            errors.Check(PlanText.Window(one.Window) is not null, $"overrides[{i}].window", "UNKNOWN_VALUE", "One of second, minute, hour, day, week, month, billing_period.");
            errors.Check(one.Amount is >= 0 and <= PlanRules.MaximumAmount, $"overrides[{i}].amount", "OUT_OF_RANGE", $"A whole number between 0 and {PlanRules.MaximumAmount}.");
            errors.Check(!Overrides.Take(i).Any(before => before is not null && before.Meter == one.Meter && before.Window == one.Window), $"overrides[{i}]", "DUPLICATE",
                "There is already an override of this meter and window.");
        }
    }
}

/// <param name="PlanAmount">What the plan says.</param>
/// <param name="Amount">What holds.</param>
internal sealed record SubscriptionAllowanceResponse(
    string Meter, Window Window, PastAllowance Past, long PlanAmount, long Amount, bool Overridden, string? SetBy, DateTimeOffset? SetAt);

internal sealed record SubscriptionAllowancesResponse(IReadOnlyList<SubscriptionAllowanceResponse> Allowances);
