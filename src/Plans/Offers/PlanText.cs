using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Tollgate.Foundation;
using Tollgate.Metering;

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
        allowances.Select(a => new StoredAllowance(a.Meter, a.Amount, a.Window, a.Past, UnitPrice(a.UnitPrice), Meter.IsDeclared(a.MeterCode) ? a.MeterCode : null)), Json.Options);

    public static IReadOnlyList<Allowance> Allowances(string json) =>
        [.. JsonSerializer.Deserialize<List<StoredAllowance>>(json, Json.Options)!.Select(a => a.ToAllowance())];

    /// <summary>An allowance as it stands in SQL; a declared meter's code is found once, when the plan is written.</summary>
    private sealed record StoredAllowance(
        string Meter, long Amount, Window Window, PastAllowance Past, string? UnitPrice, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] byte? MeterCode)
    {
        public Allowance ToAllowance()
        {
            var allowance = new Allowance(Meter, Amount, Window, Past, PlanText.UnitPrice(UnitPrice));
            return MeterCode is { } code ? allowance with { MeterCode = code } : allowance;
        }
    }

    [GeneratedRegex(@"^[0-9]{1,10}(\.[0-9]{1,12})?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Decimal();
}
