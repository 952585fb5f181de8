using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Plans.Offers;

/// <summary>What a plan must be like before it can be stored. Finds every wrong field, not the first.</summary>
internal static class PlanRules
{
    /// <summary>Admission has a fixed number of slots for each subscription.</summary>
    public const int MaximumAllowances = 8;
    public const long MaximumPrice = 1_000_000_000_000;
    public const long MaximumAmount = 1_000_000_000_000_000;
    public const int MaximumConcurrency = 1_000_000;
    public const decimal MaximumUnitPrice = 1_000_000_000m;

    public static void Check(PlanRequest request, Errors errors)
    {
        errors.Text("name", request.Name, 1, 80);
        errors.Text("description", request.Description, 0, 2000);
        CheckPrice(request.Price, errors);
        errors.Check(request.Concurrency is null or (> 0 and <= MaximumConcurrency), "concurrency", "OUT_OF_RANGE", $"A whole number between 1 and {MaximumConcurrency}, or null for any number.");
        var allowances = request.Allowances ?? [];
        errors.Check(allowances.Count <= MaximumAllowances, "allowances", "TOO_MANY", $"At most {MaximumAllowances} allowances are allowed.");
        var yearly = PlanText.Interval(request.Price?.Interval) == PriceInterval.Year;
        for (var i = 0; i < Math.Min(allowances.Count, MaximumAllowances); i++)
            CheckAllowance($"allowances[{i}]", allowances[i], yearly, errors);
        if (!errors.Any)
            CheckTogether(allowances, yearly, errors);
    }

    private static void CheckPrice(PriceBody? price, Errors errors)
    {
        if (price is null)
        {
            errors.Add("price", "REQUIRED", "This field is required.");
            return;
        }
        errors.Check(price.Amount is >= 0 and <= MaximumPrice, "price.amount", "OUT_OF_RANGE", $"A whole number of minor units between 0 and {MaximumPrice}.");
        errors.Check(Currency.IsKnown(price.Currency), "price.currency", "UNKNOWN_CURRENCY", "A lower-case ISO 4217 code, such as usd, eur or jpy.");
        errors.Check(PlanText.Interval(price.Interval) is not null, "price.interval", "UNKNOWN_VALUE", "One of month, year.");
    }

    private static void CheckAllowance(string path, AllowanceBody? allowance, bool yearly, Errors errors)
    {
        if (allowance is null)
        {
            errors.Add(path, "REQUIRED", "An allowance is an object.");
            return;
        }
        var window = PlanText.Window(allowance.Window);
        var past = PlanText.Past(allowance.Past);
        errors.Check(Meter.Find(allowance.Meter) is not null || Meter.IsDeclared(allowance.Meter), $"{path}.meter", "UNKNOWN_METER",
            $"One of {string.Join(", ", Meter.All.Select(m => m.Name))}, or a meter of your own, x.….");
        errors.Check(!Meter.IsDeclared(allowance.Meter) || window is not (Window.Second or Window.Minute), $"{path}.window", "REPORTED_WINDOW",
            "What is reported comes later than seconds and minutes end: use hour or longer.");
        errors.Check(window is not null, $"{path}.window", "UNKNOWN_VALUE", "One of second, minute, hour, day, week, month, billing_period.");
        errors.Check(past is not null, $"{path}.past", "UNKNOWN_VALUE", "One of deny, charge.");
        var least = past == PastAllowance.Charge ? 0 : 1;
        errors.Check(allowance.Amount >= least && allowance.Amount <= MaximumAmount, $"{path}.amount", "OUT_OF_RANGE", $"A whole number between {least} and {MaximumAmount}.");
        if (past == PastAllowance.Charge)
            CheckCharge(path, allowance, window, yearly, errors);
        else
            errors.Check(allowance.UnitPrice is null, $"{path}.unit_price", "NOT_ALLOWED", "Only an allowance whose past is charge has a unit price.");
    }

    private static void CheckCharge(string path, AllowanceBody allowance, Window? window, bool yearly, Errors errors)
    {
        if (window is not null and not Window.Month and not Window.BillingPeriod)
            errors.Add($"{path}.window", "CHARGE_WINDOW", "What is used past an allowance can be charged by month or billing_period only.");
        else if (window == Window.Month && yearly)
            errors.Add($"{path}.window", "CHARGE_WINDOW", "A plan with a yearly price is charged by billing_period: its usage is summed by the year.");
        if (allowance.UnitPrice is null)
            errors.Add($"{path}.unit_price", "REQUIRED", "An allowance whose past is charge needs a unit price.");
        else
            errors.Check(PlanText.UnitPrice(allowance.UnitPrice) is <= MaximumUnitPrice, $"{path}.unit_price", "DECIMAL_INVALID",
                $"A decimal string between 0 and {MaximumUnitPrice} in the major unit of the currency, with at most 12 decimals, such as \"0.5\".");
    }

    private static void CheckTogether(IReadOnlyList<AllowanceBody?> allowances, bool yearly, Errors errors)
    {
        for (var i = 0; i < allowances.Count; i++)
            for (var j = 0; j < allowances.Count; j++)
                if (i != j && allowances[i]!.Meter == allowances[j]!.Meter)
                    CheckPair(i, allowances[i]!, j, allowances[j]!, yearly, errors);
    }

    // Seen once from each side; a pair that is wrong as such is told at its later member.
    private static void CheckPair(int i, AllowanceBody one, int j, AllowanceBody other, bool yearly, Errors errors)
    {
        if (one.Window == other.Window)
        {
            errors.Check(j > i, $"allowances[{i}].window", "DUPLICATE", "There is already an allowance of this meter and window.");
            return;
        }
        if (one.Past == "charge" && other.Past == "charge")
            errors.Check(j > i, $"allowances[{i}].past", "DUPLICATE_CHARGE", "A meter can be charged by one allowance only.");
        if (one.Past == "deny" && Length(other, yearly) <= Length(one, yearly) && one.Amount < other.Amount)
            errors.Add($"allowances[{i}].amount", "UNREACHABLE",
                $"This limit is below the {other.Amount} of allowances[{j}], whose window is not longer: that one could never be used up.");
    }

    private static int Length(AllowanceBody allowance, bool yearly)
    {
        var window = PlanText.Window(allowance.Window)!.Value;
        return window == Window.BillingPeriod && !yearly ? (int)Window.Month : (int)window;
    }
}
