using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>What a consumer wants to spend at most, on the real program: reached by calls through the gateway, and held over its death.</summary>
public sealed class SpendCapTests
{
    private const int Included = 5;

    // Half a dollar each.
    private const long Price = 50;

    [Fact(Timeout = 180_000)]
    public async Task Cap_ReachedByCalls_RefusesTheNextOnesAndTheFirstAfterAKill()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var program = await RunningProgram.StartAsync();
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Charge(Included, "0.5"));
        using var gateway = RunningProgram.NewClient(program.Gateway);
        await CapAsync(market, 100);

        var admitted = await CallsUntilRefusedAsync(gateway, market);
        admitted.ShouldBeGreaterThanOrEqualTo(Included + 2, "what the cap allows was refused");
        await ShouldBeRefusedAsync(gateway, market, calls: 20);
        (await market.SettledRequestsAsync(program, admitted)).ShouldBe(admitted);
        (await OverageAsync(market)).ShouldBe((admitted - Included) * Price);

        await program.KillAsync();
        program.LaunchAgain();
        (await FirstAnswerAsync(gateway, market)).ShouldBe(HttpStatusCode.TooManyRequests);
        await program.UntilReadyAsync();
        await ShouldBeRefusedAsync(gateway, market, calls: 20);
        (await OverageAsync(market)).ShouldBe((admitted - Included) * Price);

        await CapAsync(market, 1_000_000);
        await UntilAdmittedAsync(gateway, market);
    }

    private static async Task CapAsync(Market market, long amount)
    {
        using var response = await market.Consumer.PutAsJsonAsync($"/api/subscriptions/{market.SubscriptionId}/spend-cap", new { amount }, Json.Options);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    private static async Task<long> OverageAsync(Market market) =>
        (await Market.GetAsync(market.Consumer, $"/api/subscriptions/{market.SubscriptionId}/invoices/upcoming")).GetProperty("lines").EnumerateArray()
            .Where(line => line.GetProperty("kind").GetString() == "overage").Sum(line => line.GetProperty("amount").GetInt64());

    private static async Task<long> CallsUntilRefusedAsync(HttpClient gateway, Market market)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        for (var admitted = 0L; ; admitted++)
        {
            using var response = await gateway.SendAsync(market.Call("/small"));
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
                return admitted;
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue("the cap refuses no call");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private static async Task ShouldBeRefusedAsync(HttpClient gateway, Market market, int calls)
    {
        for (var call = 0; call < calls; call++)
        {
            using var response = await gateway.SendAsync(market.Call("/small"));
            response.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests, $"call {call}");
            (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("reason").GetString().ShouldBe("spend_cap");
        }
    }

    // The gateway admits long before the program is ready: from its disk.
    private static async Task<HttpStatusCode> FirstAnswerAsync(HttpClient gateway, Market market)
    {
        while (true)
        {
            try
            {
                using var response = await gateway.SendAsync(market.Call("/small"), TestContext.Current.CancellationToken);
                if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
                    return response.StatusCode;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    private static async Task UntilAdmittedAsync(HttpClient gateway, Market market)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (true)
        {
            using var response = await gateway.SendAsync(market.Call("/small"));
            if (response.StatusCode == HttpStatusCode.OK)
                return;
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue("a higher cap admits no call");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
