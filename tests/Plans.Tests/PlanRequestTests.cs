using System.Text.Json;
using Tollgate.Foundation;

namespace Tollgate.Plans.Tests;

public sealed class PlanRequestTests
{
    [Fact]
    public void Validate_TheUsualPlan_IsAccepted()
    {
        var request = Parse("""
            {"name":" Pro ","description":"For teams","price":{"amount":1900,"currency":"usd","interval":"month"},"allowances":[
              {"meter":"requests","amount":100,"window":"minute","past":"deny"},
              {"meter":"requests","amount":10000,"window":"month","past":"charge","unit_price":"0.500"}]}
            """);

        Wrong(request).ShouldBeEmpty();
        var draft = request.ToDraft();
        draft.Name.ShouldBe("Pro");
        draft.Price.ShouldBe(new Price(1900, "usd", PriceInterval.Month));
        draft.Allowances.ShouldBe([
            new Allowance("requests", 100, Window.Minute, PastAllowance.Deny, null),
            new Allowance("requests", 10000, Window.Month, PastAllowance.Charge, 0.5m),
        ]);
    }

    [Fact]
    public void Validate_NothingSent_NamesWhatIsRequired() => Wrong(Parse("{}")).ShouldBe(["name REQUIRED", "price REQUIRED"]);

    [Fact]
    public void Validate_ManyWrongFields_TellsAllAtOnce() =>
        Wrong(Parse("""
            {"name":"x","price":{"amount":-1,"currency":"USD","interval":"week"},"allowances":[{"meter":"cats","amount":0,"window":"fortnight","past":"shrug"},null]}
            """)).ShouldBe([
            "price.amount OUT_OF_RANGE", "price.currency UNKNOWN_CURRENCY", "price.interval UNKNOWN_VALUE",
            "allowances[0].meter UNKNOWN_METER", "allowances[0].window UNKNOWN_VALUE", "allowances[0].past UNKNOWN_VALUE", "allowances[0].amount OUT_OF_RANGE",
            "allowances[1] REQUIRED"]);

    [Fact]
    public void Validate_UnknownMeter_ListsTheKnown()
    {
        var errors = new Errors();
        Of("""{"meter":"cats","amount":1,"window":"day","past":"deny"}""").Validate(errors);
        errors.Items.ShouldHaveSingleItem().Message.ShouldContain("requests, actions");
    }

    [Theory]
    [InlineData("""{"meter":"requests","amount":0,"window":"month","past":"charge","unit_price":"0"}""", null)]
    [InlineData("""{"meter":"requests","amount":0,"window":"billing_period","past":"charge","unit_price":"1000000000"}""", null)]
    [InlineData("""{"meter":"requests","amount":1,"window":"month","past":"charge","unit_price":"0.000000000001"}""", null)]
    [InlineData("""{"meter":"requests","amount":1,"window":"month","past":"charge","unit_price":"0.0000000000001"}""", "allowances[0].unit_price DECIMAL_INVALID")]
    [InlineData("""{"meter":"requests","amount":1,"window":"month","past":"charge","unit_price":"1000000000.1"}""", "allowances[0].unit_price DECIMAL_INVALID")]
    [InlineData("""{"meter":"requests","amount":1,"window":"month","past":"charge","unit_price":"-1"}""", "allowances[0].unit_price DECIMAL_INVALID")]
    [InlineData("""{"meter":"requests","amount":1,"window":"month","past":"charge","unit_price":"1e3"}""", "allowances[0].unit_price DECIMAL_INVALID")]
    [InlineData("""{"meter":"requests","amount":1,"window":"month","past":"charge","unit_price":"1,5"}""", "allowances[0].unit_price DECIMAL_INVALID")]
    [InlineData("""{"meter":"requests","amount":1,"window":"month","past":"charge","unit_price":"1\n"}""", "allowances[0].unit_price DECIMAL_INVALID")]
    [InlineData("""{"meter":"requests","amount":1,"window":"month","past":"charge"}""", "allowances[0].unit_price REQUIRED")]
    [InlineData("""{"meter":"requests","amount":1,"window":"month","past":"deny","unit_price":"1"}""", "allowances[0].unit_price NOT_ALLOWED")]
    [InlineData("""{"meter":"requests","amount":1,"window":"day","past":"charge","unit_price":"1"}""", "allowances[0].window CHARGE_WINDOW")]
    [InlineData("""{"meter":"requests","amount":1000000000000001,"window":"day","past":"deny"}""", "allowances[0].amount OUT_OF_RANGE")]
    public void Validate_OneAllowance(string allowance, string? wrong) => Wrong(Of(allowance)).ShouldBe(wrong is null ? [] : [wrong]);

    [Theory]
    [InlineData("100 minute deny, 50 hour deny", "allowances[1].amount UNREACHABLE")]
    [InlineData("50 hour deny, 100 minute deny", "allowances[0].amount UNREACHABLE")]
    [InlineData("100 minute deny, 50 month charge", null)]
    [InlineData("1000 month charge, 500 billing_period deny", "allowances[1].amount UNREACHABLE")]
    [InlineData("1000 billing_period charge, 500 month deny", "allowances[1].amount UNREACHABLE")]
    [InlineData("1000 billing_period charge, 5000 month deny", null)]
    [InlineData("10 day deny, 20 day deny", "allowances[1].window DUPLICATE")]
    [InlineData("10 month charge, 20 billing_period charge", "allowances[1].past DUPLICATE_CHARGE")]
    public void Validate_TwoAllowancesOfOneMeter(string text, string? wrong)
    {
        var allowances = text.Split(", ").Select(t => t.Split(' ')).Select(p =>
            $$"""{"meter":"requests","amount":{{p[0]}},"window":"{{p[1]}}","past":"{{p[2]}}"{{(p[2] == "charge" ? ",\"unit_price\":\"1\"" : "")}}}""");
        Wrong(Of(string.Join(',', allowances))).ShouldBe(wrong is null ? [] : [wrong]);
    }

    [Fact]
    public void Validate_YearlyPriceChargedByMonth_IsRefused() =>
        Wrong(Of("""{"meter":"requests","amount":1,"window":"month","past":"charge","unit_price":"1"}""", "year")).ShouldBe(["allowances[0].window CHARGE_WINDOW"]);

    [Fact]
    public void Validate_NineAllowances_AreTooMany() =>
        Wrong(Of(string.Join(',', Enumerable.Repeat("""{"meter":"requests","amount":1,"window":"day","past":"deny"}""", 9)))).ShouldBe(["allowances TOO_MANY"]);

    [Fact]
    public void From_Plan_HasThePublicShape()
    {
        var draft = Of("""{"meter":"requests","amount":1,"window":"billing_period","past":"charge","unit_price":"0.5000"}""").ToDraft();
        var plan = new Plan(Guid.Parse("01990000-0000-7000-8000-000000000001"), 3, new Product("api", Guid.Empty, Guid.Empty), draft.Name, draft.Description, draft.Price, draft.Allowances, true, false);

        JsonSerializer.Serialize(PlanResponse.From(plan), Json.Options).ShouldBe(
            """{"id":"plan_01k40000000e0880000000000001","version":3,"name":"Pro","description":"","price":{"amount":1900,"currency":"usd","interval":"month"},"allowances":[{"meter":"requests","amount":1,"window":"billing_period","past":"charge","unit_price":"0.5"}],"on_sale":true,"archived":false,"concurrency":null,"change_rule":"RULE"}"""
                .Replace("plan_01k40000000e0880000000000001", TypeId.Format("plan", plan.Id), StringComparison.Ordinal).Replace("RULE", PlanResponse.From(plan).ChangeRule, StringComparison.Ordinal));
    }

    private static PlanRequest Of(string allowances, string interval = "month") =>
        Parse($$$"""{"name":"Pro","price":{"amount":1900,"currency":"usd","interval":"{{{interval}}}"},"allowances":[{{{allowances}}}]}""");

    private static PlanRequest Parse(string json) => JsonSerializer.Deserialize<PlanRequest>(json, Json.Options)!;

    private static List<string> Wrong(PlanRequest request)
    {
        var errors = new Errors();
        request.Validate(errors);
        return [.. errors.Items.Select(e => $"{e.Path} {e.Code}")];
    }
}
