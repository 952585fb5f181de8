using System.Numerics;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans.Offers;

namespace Tollgate.Plans;

public enum InvoiceLineKind
{
    Plan,
    Overage,
}

/// <summary>
/// One line with its arithmetic: <see cref="Quantity"/> × <see cref="UnitPrice"/> (major unit) = <see cref="Amount"/> (minor units), rounded once. On an overage line
/// <see cref="Used"/> is all that was used in the period up to and with this version, <see cref="Included"/> what was free of it.
/// </summary>
public sealed record InvoiceLine(
    InvoiceLineKind Kind, string Description, int PlanVersion, string? Meter, decimal Quantity, decimal UnitPrice, long Amount, decimal? Included, decimal? Used);

/// <summary>What a period costs.</summary>
public sealed record RatedPeriod(string Currency, IReadOnlyList<InvoiceLine> Lines, long Total);

/// <summary>
/// Usage × plan versions → invoice lines. The one place where money is computed from usage: pure, so that the upcoming invoice and the final one cannot differ.
/// </summary>
/// <remarks>
/// First the price of the pinned version, once. Then for each charging allowance of the pinned version a line, even when nothing is past it: max(0, used − included)
/// × unit price, rounded once, half away from zero, in exact integer arithmetic.
/// When a subscriber moved between versions within the period, usage is laid end to end in the order of the versions. Each unit is charged at the price of the
/// version under which it was used, and what was included is counted from the period's first unit, so that moving neither renews an allowance nor reprices the
/// past. Earlier versions get a line only for what they charge; where a version does not charge for a meter, its units are free but count as used.
/// </remarks>
public static class Rating
{
    /// <param name="pinned">The version that the subscription is on, the last of the period.</param>
    /// <param name="earlier">The other versions that <paramref name="usage"/> names, in any order; same currency.</param>
    /// <param name="usage">Sums of one subscription and period.</param>
    /// <returns>AMOUNT_OUT_OF_RANGE when a line or the total does not fit 64 bits.</returns>
    public static Outcome<RatedPeriod> Rate(Plan pinned, IReadOnlyList<Plan> earlier, IReadOnlyList<PeriodUsage> usage)
    {
        ArgumentNullException.ThrowIfNull(pinned);
        ArgumentNullException.ThrowIfNull(earlier);
        ArgumentNullException.ThrowIfNull(usage);
        var versions = earlier.Where(p => p.Version != pinned.Version).Append(pinned).OrderBy(p => p.Version).ToDictionary(p => p.Version);
        if (usage.FirstOrDefault(u => !versions.ContainsKey(u.PlanVersion)) is { } orphan)
            throw new ArgumentException($"Usage names version {orphan.PlanVersion}, which is not among the versions to rate.", nameof(usage));
        if (versions.Values.Any(v => v.Price.Currency != pinned.Price.Currency))
            throw new ArgumentException("All versions of a period have one currency.", nameof(earlier));
        try
        {
            var lines = Lines(pinned, versions, usage).ToList();
            var total = lines.Aggregate(0L, (sum, line) => checked(sum + line.Amount));
            return new RatedPeriod(pinned.Price.Currency, lines, total);
        }
        catch (OverflowException)
        {
            return Failure.Conflict("AMOUNT_OUT_OF_RANGE", "The usage of this period amounts to more money than can be represented. Check the plan's unit prices.");
        }
    }

    /// <summary>Quantity × unit price in the major unit, in minor units: exact, rounded once, half away from zero.</summary>
    /// <exception cref="OverflowException">The amount does not fit 64 bits.</exception>
    public static long Amount(string currency, decimal quantity, decimal unitPrice)
    {
        // Decimal arithmetic would round silently at its 28th digit, and an amount would then be rounded twice.
        var (units, unitScale) = Exact(quantity);
        var (price, priceScale) = Exact(unitPrice);
        var product = units * price * Currency.MinorUnitsPerMajor(currency);
        var divisor = BigInteger.Pow(10, unitScale + priceScale);
        var (quotient, rest) = BigInteger.DivRem(product, divisor);
        if (BigInteger.Abs(rest) * 2 >= divisor)
            quotient += product.Sign;
        return checked((long)quotient);
    }

    private static IEnumerable<InvoiceLine> Lines(Plan pinned, Dictionary<int, Plan> versions, IReadOnlyList<PeriodUsage> usage)
    {
        var price = pinned.Price;
        yield return new InvoiceLine(InvoiceLineKind.Plan, $"{pinned.Name}, 1 {PlanText.Of(price.Interval)}", pinned.Version, Meter: null,
            Quantity: 1, UnitPrice: (decimal)price.Amount / Currency.MinorUnitsPerMajor(price.Currency), price.Amount, Included: null, Used: null);
        foreach (var version in versions.Values)
            foreach (var allowance in version.Allowances.Where(a => a.Past == PastAllowance.Charge))
            {
                var line = Overage(version, allowance, usage);
                if (line.Quantity > 0 || version.Version == pinned.Version)
                    yield return line;
            }
    }

    private static InvoiceLine Overage(Plan version, Allowance allowance, IReadOnlyList<PeriodUsage> usage)
    {
        var before = usage.Where(u => u.Meter == allowance.Meter && u.PlanVersion < version.Version).Sum(u => u.Amount);
        var used = before + usage.Where(u => u.Meter == allowance.Meter && u.PlanVersion == version.Version).Sum(u => u.Amount);
        var quantity = Math.Max(0, used - allowance.Amount) - Math.Max(0, before - allowance.Amount);
        var unitPrice = allowance.UnitPrice ?? 0;
        return new InvoiceLine(InvoiceLineKind.Overage, $"{allowance.Meter} past {allowance.Amount} included", version.Version, allowance.Meter,
            quantity, unitPrice, Amount(version.Price.Currency, quantity, unitPrice), allowance.Amount, used);
    }

    private static (BigInteger Digits, int Scale) Exact(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var digits = ((BigInteger)(uint)bits[2] << 64) | ((BigInteger)(uint)bits[1] << 32) | (uint)bits[0];
        return (decimal.IsNegative(value) ? -digits : digits, value.Scale);
    }
}
