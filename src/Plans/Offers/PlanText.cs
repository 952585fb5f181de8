using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tollgate.Foundation;

namespace Tollgate.Plans.Offers;

/// <summary>The words and decimal strings of plans, as they stand in JSON and in SQL.</summary>
internal static partial class PlanText
{
    public static PriceInterval? Interval(string? text) => text switch
    {
        "month" => PriceInterval.Month,
        "year" => PriceInterval.Year,
        _ => null,
    };

    public static string Of(PriceInterval interval) => interval == PriceInterval.Year ? "year" : "month";

    public static Window? Window(string? text) => text switch
    {
        "second" => Plans.Window.Second,
        "minute" => Plans.Window.Minute,
        "hour" => Plans.Window.Hour,
        "day" => Plans.Window.Day,
        "week" => Plans.Window.Week,
        "month" => Plans.Window.Month,
        "billing_period" => Plans.Window.BillingPeriod,
        _ => null,
    };

    public static PastAllowance? Past(string? text) => text switch
    {
        "deny" => PastAllowance.Deny,
        "charge" => PastAllowance.Charge,
        _ => null,
    };

    /// <summary>Null for what is not a plain decimal of at most 12 decimals.</summary>
    public static decimal? UnitPrice(string? text) =>
        text is not null && Decimal().IsMatch(text) ? decimal.Parse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : null;

    public static string? UnitPrice(decimal? price) => price is { } value ? Number(value) : null;

    /// <summary>Plain digits without trailing zeros.</summary>
    public static string Number(decimal value) => value.ToString("0.############################", CultureInfo.InvariantCulture);

    public static string Allowances(IReadOnlyList<Allowance> allowances) => JsonSerializer.Serialize(
        allowances.Select(a => new AllowanceResponse(a.Meter, a.Amount, a.Window, a.Past, UnitPrice(a.UnitPrice))), Json.Options);

    public static IReadOnlyList<Allowance> Allowances(string json) =>
        [.. JsonSerializer.Deserialize<List<AllowanceResponse>>(json, Json.Options)!.Select(a => new Allowance(a.Meter, a.Amount, a.Window, a.Past, UnitPrice(a.UnitPrice)))];

    [GeneratedRegex(@"^[0-9]{1,10}(\.[0-9]{1,12})?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Decimal();
}
