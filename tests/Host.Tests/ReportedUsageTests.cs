using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>Usage that a provider reports, on the real program and over its death: declared, in a plan, counted once, on the invoice, and refused when it is used up.</summary>
public sealed class ReportedUsageTests
{
    [Fact(Timeout = 180_000)]
    public async Task ReportedUsage_FromDeclaringToTheRefusedCall_OverTwoKills()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var program = await RunningProgram.StartAsync();
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("minute", 10_000_000));
        var (pages, renders) = (await DeclareAsync(market, "pages"), await DeclareAsync(market, "renders"));
        var plan = await Market.PostAsync(market.Provider, $"/api/apis/{market.ApiId}/plans", new
        {
            name = "Metered",
            price = new { amount = 500, currency = "usd", interval = "month" },
            allowances = new object[]
            {
                new { meter = pages, amount = 100, window = "month", past = "deny" },
                new { meter = renders, amount = 10, window = "billing_period", past = "charge", unit_price = "0.5" },
            },
        });
        var subscription = await Market.PostAsync(market.Consumer, "/api/subscriptions", new { plan_id = plan.GetProperty("id").GetString() });
        var (id, key) = (subscription.GetProperty("id").GetString()!, subscription.GetProperty("key").GetProperty("secret").GetString()!);
        using var gateway = RunningProgram.NewClient(program.Gateway);
        using (var first = await CallAsync(gateway, market, key))
            first.StatusCode.ShouldBe(HttpStatusCode.OK);

        var events = new[] { Event(pages, "1", 60, id), Event(renders, "2", 14, id), Event(pages, "1", 60, id), Event("x.nobody.pages", "3", 1, id) };
        (await ReportAsync(market, events)).ShouldBe(["accepted", "accepted", "duplicate", "METER_UNKNOWN"]);
        await program.KillAsync();
        await program.StartAgainAsync();
        (await ReportAsync(market, events)).ShouldBe(["duplicate", "duplicate", "duplicate", "METER_UNKNOWN"]);
        foreach (var side in new[] { market.Consumer, market.Provider })
            (await Market.GetAsync(side, $"/api/usage/events?subscription={id}")).GetProperty("data").EnumerateArray().Sum(one => one.GetProperty("amount").GetInt64()).ShouldBe(74);
        var line = (await Market.GetAsync(market.Consumer, $"/api/subscriptions/{id}/invoices/upcoming")).GetProperty("lines").EnumerateArray().Single(one => one.GetProperty("kind").GetString() == "overage");
        (line.GetProperty("meter").GetString(), line.GetProperty("used").GetDecimal(), line.GetProperty("amount").GetInt64()).ShouldBe((renders, 14m, 200L));
        using (var still = await CallAsync(gateway, market, key))
            still.StatusCode.ShouldBe(HttpStatusCode.OK);

        (await ReportAsync(market, Event(pages, "4", 40, id))).ShouldBe(["accepted"]);
        await UntilRefusedAsync(gateway, market, key);
        using (var refused = await CallAsync(gateway, market, key))
        {
            refused.Headers.GetValues("RateLimit").ShouldHaveSingleItem().ShouldStartWith($"\"{pages}-month\";r=0;");
            (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("reason").GetString().ShouldBe("quota");
        }
        await program.KillAsync();
        await program.StartAgainAsync();
        using (var after = await CallAsync(gateway, market, key))
            after.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        await Load.ReconciledAsync(program);
    }

    [Fact(Timeout = 240_000)]
    public async Task UsedUpMeter_OnANodeWithRedis_RefusesAfterAKill_WithRedisFlushedAndPostgresAway()
    {
        await using var server = await ExternalPostgres.StartAsync();
        await using var redis = await TestRedis.StartAsync();
        await using var upstream = await FakeUpstream.StartAsync();
        await using var node = RunningProgram.Launched(RestartTests.Settings(server, "gateway", ("Redis__Url", redis.Url)));
        await using var control = RunningProgram.Launched(RestartTests.Settings(server, "control,worker", ("Gateway__PublicUrl", node.Gateway.ToString().TrimEnd('/'))));
        (await control.CommandAsync(RestartTests.Owner(server), "migrate")).ExitCode.ShouldBe(0);
        await control.UntilReadyAsync();
        await node.UntilReadyAsync();
        using var market = await Market.OpenAsync(control, upstream.Address, Market.Deny("minute", 10_000_000));
        var pages = await DeclareAsync(market, "pages");
        // Nothing of this plan is Redis's: what is not refused for the meter is served.
        var plan = await Market.PostAsync(market.Provider, $"/api/apis/{market.ApiId}/plans", new
        {
            name = "Metered",
            price = new { amount = 500, currency = "usd", interval = "month" },
            allowances = new object[] { new { meter = pages, amount = 50, window = "month", past = "deny" } },
        });
        var subscription = await Market.PostAsync(market.Consumer, "/api/subscriptions", new { plan_id = plan.GetProperty("id").GetString() });
        var (id, key) = (subscription.GetProperty("id").GetString()!, subscription.GetProperty("key").GetProperty("secret").GetString()!);
        using var gateway = RunningProgram.NewClient(node.Gateway);
        await UntilAsync(HttpStatusCode.OK, gateway, market, key);
        (await ReportAsync(market, Event(pages, "1", 50, id))).ShouldBe(["accepted"]);
        await UntilRefusedAsync(gateway, market, key);

        await node.KillAsync();
        await server.StopAsync();
        await redis.FlushAsync();
        await node.StartAgainAsync();
        using (var refused = await CallAsync(gateway, market, key))
            refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        await server.StartAgainAsync();
        using (var still = await CallAsync(gateway, market, key))
            still.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    private static async Task<string> DeclareAsync(Market market, string name) =>
        (await Market.PostAsync(market.Provider, "/api/meters", new { name, unit = "piece" })).GetProperty("name").GetString()!;

    private static object Event(string meter, string id, long amount, string subscription) =>
        new { specversion = "1.0", id, source = "/worker", type = meter, subject = subscription, data = new { amount } };

    private static async Task<string[]> ReportAsync(Market market, params object[] events)
    {
        using var content = JsonContent.Create(events, new System.Net.Http.Headers.MediaTypeHeaderValue("application/cloudevents-batch+json"), Json.Options);
        using var response = await market.Provider.PostAsync("/api/usage/events", content);
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return [.. JsonDocument.Parse(text).RootElement.GetProperty("data").EnumerateArray()
            .Select(one => one.TryGetProperty("code", out var code) ? code.GetString()! : one.GetProperty("status").GetString()!)];
    }

    private static async Task<HttpResponseMessage> CallAsync(HttpClient gateway, Market market, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, market.GatewayUrl + "/small");
        request.Headers.Add("x-api-key", key);
        return await gateway.SendAsync(request);
    }

    private static async Task UntilAsync(HttpStatusCode status, HttpClient gateway, Market market, string key)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (true)
        {
            using var response = await CallAsync(gateway, market, key);
            if (response.StatusCode == status)
                return;
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue($"{response.StatusCode} in place of {status}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static async Task UntilRefusedAsync(HttpClient gateway, Market market, string key)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (true)
        {
            using var response = await CallAsync(gateway, market, key);
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
                return;
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue("the used-up allowance refuses no call");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
