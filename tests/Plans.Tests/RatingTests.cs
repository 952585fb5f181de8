using System.Globalization;
using System.Numerics;
using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Plans.Tests;

public sealed class RatingTests
{
    private static readonly Guid Subscription = Guid.Parse("01990000-0000-7000-8000-000000000001");
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Rate_NothingUsed_IsThePlanAndAnEmptyOverage()
    {
        var rated = Rating.Rate(Plan(1, 1900, "usd", Charge("requests", 1000, 0.5m)), [], []).Value;

        rated.Total.ShouldBe(1900);
        rated.Currency.ShouldBe("usd");
        rated.Lines.ShouldBe([
            new InvoiceLine(InvoiceLineKind.Plan, "Pro, 1 month", 1, null, 1, 19m, 1900, null, null),
            new InvoiceLine(InvoiceLineKind.Overage, "requests past 1000 included", 1, "requests", 0, 0.5m, 0, 1000, 0),
        ]);
    }

    [Fact]
    public void Rate_UsedPastTheIncluded_ChargesTheRest()
    {
        var rated = Rating.Rate(Plan(1, 1900, "usd", Charge("requests", 1000, 0.5m)), [], [Used(1, "requests", 1234)]).Value;

        rated.Lines[1].ShouldBe(new InvoiceLine(InvoiceLineKind.Overage, "requests past 1000 included", 1, "requests", 234, 0.5m, 11_700, 1000, 1234));
        rated.Total.ShouldBe(13_600);
    }

    [Theory]
    [InlineData("usd", "1000", "0.5", 50_000)]
    [InlineData("usd", "1", "0.005", 1)]
    [InlineData("usd", "1", "0.004999999999", 0)]
    [InlineData("usd", "3", "0.005", 2)]
    [InlineData("jpy", "3", "0.5", 2)]
    [InlineData("jpy", "1234567", "0.001", 1235)]
    [InlineData("kwd", "1", "0.0005", 1)]
    [InlineData("kwd", "1000", "0.5", 500_000)]
    [InlineData("usd", "1000000000000000", "0.000000000001", 100_000)]
    [InlineData("usd", "999999999999999", "0.000000000001", 100_000)]
    [InlineData("usd", "123456789012345", "0.000123456789", 1_524_157_875_171)]
    [InlineData("kwd", "9223372036854775", "1", 9_223_372_036_854_775_000)]
    // Decimal arithmetic rounds this product, …0.499999999999, to …0.5 at its 28th digit, and would then round it up.
    [InlineData("jpy", "999999999999999", "500.500000000001", 500_500_000_000_000_499)]
    public void Amount_Golden(string currency, string quantity, string unitPrice, long expected) =>
        Rating.Amount(currency, Number(quantity), Number(unitPrice)).ShouldBe(expected);

    [Fact]
    public void Amount_AnyQuantityAndPrice_IsTheExactProductRoundedOnce()
    {
        var random = new Random(7);
        string[] currencies = ["usd", "jpy", "kwd"];
        for (var i = 0; i < 50_000; i++)
        {
            var currency = currencies[i % 3];
            var quantity = random.NextInt64((long)Math.Pow(10, random.Next(1, 16)));
            var price = random.NextInt64((long)Math.Pow(10, random.Next(1, 16)));
            var exact = (BigInteger)quantity * price * Currency.MinorUnitsPerMajor(currency);
            var doubled = exact * 2 / BigInteger.Pow(10, 12);
            var expected = (doubled + 1) / 2;
            if (expected > long.MaxValue)
                Should.Throw<OverflowException>(() => Rating.Amount(currency, quantity, price / 1_000_000_000_000m));
            else
                Rating.Amount(currency, quantity, price / 1_000_000_000_000m).ShouldBe((long)expected, $"{quantity} x {price}e-12 {currency}");
        }
    }

    [Fact]
    public void Rate_LineTooLarge_IsAFailure()
    {
        var outcome = Rating.Rate(Plan(1, 0, "usd", Charge("requests", 0, 1_000_000_000m)), [], [Used(1, "requests", 1_000_000_000_000_000m)]);

        outcome.Failure.ShouldNotBeNull().Code.ShouldBe("AMOUNT_OUT_OF_RANGE");
    }

    [Fact]
    public void Rate_TotalTooLarge_IsAFailure()
    {
        var plan = Plan(1, 0, "kwd", Charge("requests", 0, 1m), Charge("actions", 0, 1m));

        var outcome = Rating.Rate(plan, [], [Used(1, "requests", 9_000_000_000_000_000m), Used(1, "actions", 9_000_000_000_000_000m)]);

        outcome.Failure.ShouldNotBeNull().Code.ShouldBe("AMOUNT_OUT_OF_RANGE");
    }

    [Fact]
    public void Rate_MovedToANewVersion_IncludesOnceAndPricesUnitsWhereTheyWereUsed()
    {
        var old = Plan(1, 1000, "usd", Charge("requests", 100, 0.10m));
        var pinned = Plan(2, 2000, "usd", Charge("requests", 200, 0.20m));

        var rated = Rating.Rate(pinned, [old], [Used(1, "requests", 150), Used(2, "requests", 100)]).Value;

        // 50 units past version 1's 100 at 0.10; of the 250 in all, 50 are past version 2's 200.
        rated.Lines.Select(l => (l.PlanVersion, l.Quantity, l.Amount)).ShouldBe([(2, 1m, 2000L), (1, 50m, 500L), (2, 50m, 1000L)]);
        rated.Total.ShouldBe(3500);
    }

    [Fact]
    public void Rate_EarlierVersionDidNotCharge_ItsUnitsCountAsUsed()
    {
        var old = Plan(1, 0, "usd", new Allowance("requests", 500, Window.Month, PastAllowance.Deny, null));
        var pinned = Plan(2, 2000, "usd", Charge("requests", 200, 0.20m));

        var rated = Rating.Rate(pinned, [old], [Used(1, "requests", 300), Used(2, "requests", 10)]).Value;

        rated.Lines[1].ShouldBe(new InvoiceLine(InvoiceLineKind.Overage, "requests past 200 included", 2, "requests", 10, 0.20m, 200, 200, 310));
    }

    [Fact]
    public void Rate_AnySplitOverVersionsOfEqualTerms_CostsTheSameQuantities()
    {
        var random = new Random(11);
        for (var i = 0; i < 2000; i++)
        {
            var included = random.Next(0, 1000);
            var parts = Enumerable.Range(1, 3).Select(v => (Version: v, Amount: (decimal)random.Next(0, 1000))).ToList();
            var plans = parts.Select(p => Plan(p.Version, 0, "usd", Charge("requests", included, 0.01m))).ToList();

            var rated = Rating.Rate(plans[2], [plans[0], plans[1]], [.. parts.Select(p => Used(p.Version, "requests", p.Amount))]).Value;

            rated.Lines.Skip(1).Sum(l => l.Quantity).ShouldBe(Math.Max(0, parts.Sum(p => p.Amount) - included));
            rated.Total.ShouldBe(rated.Lines.Sum(l => l.Amount));
        }
    }

    [Fact]
    public void Rate_UsageOfAnUnknownVersion_IsABug() =>
        Should.Throw<ArgumentException>(() => Rating.Rate(Plan(2, 0, "usd"), [], [Used(1, "requests", 1)]));

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    private static PeriodUsage Used(int version, string meter, decimal amount) => new(Subscription, version, meter, Start, amount);

    private static Allowance Charge(string meter, long amount, decimal unitPrice) => new(meter, amount, Window.BillingPeriod, PastAllowance.Charge, unitPrice);

    private static Plan Plan(int version, long price, string currency, params Allowance[] allowances) => new(
        Subscription, version, new Product("api", Subscription, Subscription), "Pro", "", new Price(price, currency, PriceInterval.Month), allowances, OnSale: true, Archived: false);
}
