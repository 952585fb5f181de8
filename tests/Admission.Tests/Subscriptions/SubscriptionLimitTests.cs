using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission.Tests.Leases;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Subscriptions;

public sealed class SubscriptionLimitTests(AdmissionServer server) : IClassFixture<AdmissionServer>
{
    [Fact]
    public async Task Override_ByTheProvider_HoldsForThatSubscriptionAndSaysWhoSetIt()
    {
        var provider = await server.RegisterAsync();
        var plan = await server.PlanAsync(provider, Node.Deny(3, Window.Day), Node.Deny(100, Window.Month));
        var consumer = await server.RegisterAsync();
        var (id, _, secret) = await consumer.SubscribeAsync(plan);
        var (_, _, otherSecret) = await (await server.RegisterAsync()).SubscribeAsync(plan);

        var (status, body) = await provider.SendAsync(HttpMethod.Put, $"/api/subscriptions/{id}/allowances",
            new { overrides = new[] { new { meter = "requests", window = "day", amount = 5 } } });
        status.ShouldBe(200, body.ToString());
        var day = body.GetProperty("allowances").EnumerateArray().Single(one => one.GetProperty("window").GetString() == "day");
        (day.GetProperty("plan_amount").GetInt64(), day.GetProperty("amount").GetInt64(), day.GetProperty("overridden").GetBoolean()).ShouldBe((3, 5, true));
        day.GetProperty("set_by").GetString().ShouldBe(TypeId.Format("acc", provider.Account));

        await CatchUpAsync();
        Enumerable.Range(0, 10).Count(_ => server.Call(secret, plan).Admitted).ShouldBe(5);
        Enumerable.Range(0, 10).Count(_ => server.Call(otherSecret, plan).Admitted).ShouldBe(3);
        (await consumer.SendAsync(HttpMethod.Get, $"/api/subscriptions/{id}/allowances")).Status.ShouldBe(200);

        (await provider.SendAsync(HttpMethod.Put, $"/api/subscriptions/{id}/allowances", new { overrides = Array.Empty<object>() })).Status.ShouldBe(200);
        await CatchUpAsync();
        server.Call(secret, plan).Admitted.ShouldBeFalse();
    }

    [Fact]
    public async Task Override_ByAnybodyElseOrOfWhatIsNotInThePlan_IsRefused()
    {
        var provider = await server.RegisterAsync();
        var plan = await server.PlanAsync(provider, Node.Deny(3, Window.Day), new Allowance("requests", 5, Window.Month, PastAllowance.Charge, 0.5m));
        var consumer = await server.RegisterAsync();
        var (id, _, _) = await consumer.SubscribeAsync(plan);
        (await consumer.SendAsync(HttpMethod.Put, $"/api/subscriptions/{id}/allowances", Body("day"))).Status.ShouldBe(403);
        var stranger = await server.RegisterAsync();
        (await stranger.SendAsync(HttpMethod.Put, $"/api/subscriptions/{id}/allowances", Body("day"))).Status.ShouldBe(404);
        (await stranger.SendAsync(HttpMethod.Get, $"/api/subscriptions/{id}/allowances")).Status.ShouldBe(404);
        (await provider.SendAsync(HttpMethod.Put, $"/api/subscriptions/{id}/allowances", Body("hour"))).Status.ShouldBe(422);
        (await provider.SendAsync(HttpMethod.Put, $"/api/subscriptions/{id}/allowances", Body("month"))).Status.ShouldBe(422);
        (await provider.SendAsync(HttpMethod.Put, $"/api/subscriptions/{id}/allowances", new { })).Status.ShouldBe(422);

        static object Body(string window) => new { overrides = new[] { new { meter = "requests", window, amount = 5 } } };
    }

    [Fact]
    public async Task SpendCap_Reached_RefusesUntilItIsRaised()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), new Allowance("requests", 5, Window.BillingPeriod, PastAllowance.Charge, 0.5m));
        var consumer = await server.RegisterAsync();
        var (id, _, secret) = await consumer.SubscribeAsync(plan);
        await CapAsync(consumer, id, 100);
        await CatchUpAsync();

        // Five are included and two cost a dollar.
        for (var call = 0; call < 7; call++)
        {
            var decision = server.Call(secret, plan);
            decision.Admitted.ShouldBeTrue();
            AdmissionServer.Append(server.Server, decision);
        }
        await AdmissionServer.UntilAsync(() => server.Call(secret, plan).Reason == RefusalReason.SpendCap, "the cap holds");
        await CapAsync(consumer, id, 10_000);
        await AdmissionServer.UntilAsync(() => server.Call(secret, plan).Admitted, "a higher cap serves again");
        await CapAsync(consumer, id, 0);
        await AdmissionServer.UntilAsync(() => server.Call(secret, plan).Reason == RefusalReason.SpendCap, "a lower cap holds");
        await CapAsync(consumer, id, null);
        await AdmissionServer.UntilAsync(() => server.Call(secret, plan).Admitted, "no cap serves again");
    }

    [Fact]
    public async Task SpendCap_NothingUsedUpYet_ServesWhatIsIncluded()
    {
        var plan = await server.PlanAsync(await server.RegisterAsync(), new Allowance("requests", 5, Window.BillingPeriod, PastAllowance.Charge, 0.5m));
        var consumer = await server.RegisterAsync();
        var (id, _, secret) = await consumer.SubscribeAsync(plan);
        await CapAsync(consumer, id, 0);
        await CatchUpAsync();
        for (var call = 0; call < 5; call++)
        {
            var decision = server.Call(secret, plan);
            decision.Admitted.ShouldBeTrue();
            AdmissionServer.Append(server.Server, decision);
            await server.Server.Services.GetRequiredService<IUsageShipping>().ShipNowAsync(CancellationToken.None);
        }
        await AdmissionServer.UntilAsync(() => server.Call(secret, plan).Reason == RefusalReason.SpendCap, "nothing more is spent");
    }

    [Fact]
    public async Task SpendCap_ForItsConsumerOnly()
    {
        var provider = await server.RegisterAsync();
        var plan = await server.PlanAsync(provider);
        var (id, _, _) = await (await server.RegisterAsync()).SubscribeAsync(plan);
        (await provider.SendAsync(HttpMethod.Put, $"/api/subscriptions/{id}/spend-cap", new { amount = 1 })).Status.ShouldBe(404);
        (await provider.SendAsync(HttpMethod.Get, $"/api/subscriptions/{id}/spend-cap")).Status.ShouldBe(404);
    }

    private static async Task CapAsync(Person consumer, string subscription, long? amount)
    {
        var (status, body) = await consumer.SendAsync(HttpMethod.Put, $"/api/subscriptions/{subscription}/spend-cap", new { amount });
        status.ShouldBe(200, body.ToString());
        body.GetProperty("currency").GetString().ShouldBe("usd");
    }

    private Task CatchUpAsync() => server.Server.Services.GetRequiredService<IChangeFeed>().CatchUpAsync(CancellationToken.None);
}
