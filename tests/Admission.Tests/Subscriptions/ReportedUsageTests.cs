using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission.Leases;
using Tollgate.Admission.Tests.Leases;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Subscriptions;

/// <summary>What a provider reports, from the HTTP request to the next call's decision.</summary>
public sealed class ReportedUsageTests(AdmissionServer server) : IClassFixture<AdmissionServer>
{
    [Fact]
    public async Task Report_ThatUsesUpARefusingAllowance_RefusesTheCallsOfThatSubscriptionOnly()
    {
        var provider = await server.RegisterAsync();
        var meter = await provider.DeclareAsync("pages");
        var plan = await server.PlanAsync(provider, Node.Deny(100, Window.Month, meter), Node.Deny(1000, Window.Day));
        var consumer = await server.RegisterAsync();
        var (id, _, secret) = await consumer.SubscribeAsync(plan);
        var (_, _, otherSecret) = await (await server.RegisterAsync()).SubscribeAsync(plan);
        await provider.ReportAsync(meter, id, 99);
        await UntilUsedAsync(consumer, id, meter, 99);
        server.Call(secret, plan).Admitted.ShouldBeTrue();
        await provider.ReportAsync(meter, id, 1);
        await AdmissionServer.UntilAsync(() => !server.Call(secret, plan).Admitted, "the used-up allowance refuses");
        var refused = server.Call(secret, plan);
        (refused.Reason, server.Admission.MeterName(refused, refused.Limits[refused.Tightest].Meter)).ShouldBe((RefusalReason.Quota, meter));
        server.Call(otherSecret, plan).Admitted.ShouldBeTrue();

        // More of it, for this subscription alone.
        (await provider.SendAsync(HttpMethod.Put, $"/api/subscriptions/{id}/allowances", new { overrides = new[] { new { meter, window = "month", amount = 150 } } })).Status.ShouldBe(200);
        await AdmissionServer.UntilAsync(() => server.Call(secret, plan).Admitted, "the override holds");
        await UntilUsedAsync(consumer, id, meter, 100);
    }

    [Fact]
    public async Task Report_OnAChargedAllowance_IsOnTheUpcomingInvoiceAndReachesTheSpendCap()
    {
        var provider = await server.RegisterAsync();
        var meter = await provider.DeclareAsync("pages");
        var plan = await server.PlanAsync(provider, new Allowance(meter, 10, Window.BillingPeriod, PastAllowance.Charge, 0.25m));
        var consumer = await server.RegisterAsync();
        var (id, _, secret) = await consumer.SubscribeAsync(plan);
        await provider.ReportAsync(meter, id, 14);
        var line = (await consumer.SendAsync(HttpMethod.Get, $"/api/subscriptions/{id}/invoices/upcoming")).Body.GetProperty("lines").EnumerateArray().Single(one => one.GetProperty("kind").GetString() == "overage");
        (line.GetProperty("meter").GetString(), line.GetProperty("quantity").GetDecimal(), line.GetProperty("amount").GetInt64()).ShouldBe((meter, 4m, 100L));
        server.Call(secret, plan).Admitted.ShouldBeTrue();

        (await consumer.SendAsync(HttpMethod.Put, $"/api/subscriptions/{id}/spend-cap", new { amount = 200 })).Status.ShouldBe(200);
        await provider.ReportAsync(meter, id, 4);
        await AdmissionServer.UntilAsync(() => !server.Call(secret, plan).Admitted, "the spend cap is reached by what was reported");
        server.Call(secret, plan).Reason.ShouldBe(RefusalReason.SpendCap);
    }

    [Fact]
    public async Task Plan_ThatGetsTheMeterLater_CountsWhatWasReportedBefore()
    {
        var provider = await server.RegisterAsync();
        var meter = await provider.DeclareAsync("pages");
        var plan = await server.PlanAsync(provider, Node.Deny(1000, Window.Day));
        var consumer = await server.RegisterAsync();
        var (id, _, secret) = await consumer.SubscribeAsync(plan);
        await provider.ReportAsync(meter, id, 30);
        server.Call(secret, plan).Admitted.ShouldBeTrue();
        TypeId.TryParse(id, "sub", out var subscription).ShouldBeTrue();
        await using var owner = server.Database.OwnerOrSuperuser.CreateCommand($"""
            UPDATE plans.entitlement_snapshot SET allowances = allowances || jsonb_build_array(jsonb_build_object('meter', '{meter}', 'amount', 30, 'window', 'month', 'past', 'deny', 'unit_price', null, 'meter_code', 128))
            WHERE subscription_id = '{subscription}'
            """);
        await owner.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await AdmissionServer.UntilAsync(() => !server.Call(secret, plan).Admitted, "what was reported before the plan had the meter counts");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restart_FromItsDisk_KnowsWhatWasReportedWithoutAskingTheLog(bool shared)
    {
        await using var redis = shared ? await TestRedis.StartAsync() : null;
        await using var alone = new AdmissionServer { Redis = redis?.Url };
        await alone.InitializeAsync();
        var provider = await alone.RegisterAsync();
        var meter = await provider.DeclareAsync("pages");
        var plan = await alone.PlanAsync(provider, Node.Deny(50, Window.Month, meter));
        var (id, _, secret) = await (await alone.RegisterAsync()).SubscribeAsync(plan);
        var folder = alone.NewFolder();
        await using (var node = await alone.StartAsync(folder, ("Limits:Nodes", "2")))
        {
            await AdmissionServer.UntilReadyAsync(node);
            await provider.ReportAsync(meter, id, 50);
            await AdmissionServer.UntilAsync(() => !alone.Call(secret, plan, node).Admitted, "the allowance is used up");
        }
        // Whoever asks the database now what was reported is told nothing; nor does Redis know.
        await using (var tamper = alone.Database.OwnerOrSuperuser.CreateCommand("REVOKE SELECT ON metering.reported_change FROM tollgate_worker"))
            await tamper.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        if (redis is not null)
            await redis.FlushAsync();
        await using var next = await alone.StartAsync(folder, ("Limits:Nodes", "2"), ("Logging:LogLevel:Tollgate", "Information"));
        await AdmissionServer.UntilReadyAsync(next);
        alone.Call(secret, plan, next).Admitted.ShouldBeFalse();
    }

    [Fact]
    public async Task RedisFlushedAndStartedAgain_AUsedUpAllowanceGoesOnRefusing()
    {
        await using var redis = await TestRedis.StartAsync();
        await using var alone = new AdmissionServer { Redis = redis.Url };
        await alone.InitializeAsync();
        var provider = await alone.RegisterAsync();
        var meter = await provider.DeclareAsync("pages");
        var plan = await alone.PlanAsync(provider, Node.Deny(50, Window.Month, meter), Node.Deny(1000, Window.Month));
        var (id, _, secret) = await (await alone.RegisterAsync()).SubscribeAsync(plan);
        var (_, _, other) = await (await alone.RegisterAsync()).SubscribeAsync(plan);
        await AdmissionServer.UntilAsync(() => alone.Call(secret, plan).Verdict != AdmissionVerdict.KeyUnknown && alone.Call(other, plan).Verdict != AdmissionVerdict.KeyUnknown, "the keys are known");
        await provider.ReportAsync(meter, id, 50);
        await AdmissionServer.UntilAsync(() => alone.Call(secret, plan).Verdict == AdmissionVerdict.RateLimited, "the allowance is used up");

        var first = Epoch();
        await redis.FlushAsync();
        await LeasesAgainAsync(first);
        var second = Epoch();
        await redis.KillAsync();
        alone.Call(secret, plan).Admitted.ShouldBeFalse();
        await redis.StartAgainAsync();
        await LeasesAgainAsync(second);

        // The other subscription is given calls again, so Redis has a new epoch. All the while none was admitted for the one that is used up.
        async Task LeasesAgainAsync(string? before)
        {
            var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
            while (Epoch() is var now && (now is null || now == before) || !await IsAdmittedAsync(other))
            {
                (await IsAdmittedAsync(secret)).ShouldBeFalse();
                (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue("Redis is not used again");
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
            (await IsAdmittedAsync(secret)).ShouldBeFalse();
        }

        string? Epoch() => alone.Server.Services.GetRequiredService<SharedEpoch>().Current;

        async Task<bool> IsAdmittedAsync(string key) => (await SharedNodes.CallAsync(alone.Server, new Buyer(Guid.Empty, Encoding.ASCII.GetBytes(key), plan.Product.Id))).Admitted;
    }

    [Fact]
    public async Task Start_AfterAReportThatItMissed_RefusesWithoutWaitingForTheNext()
    {
        await using var alone = new AdmissionServer();
        await alone.InitializeAsync();
        var provider = await alone.RegisterAsync();
        var meter = await provider.DeclareAsync("pages");
        var plan = await alone.PlanAsync(provider, Node.Deny(50, Window.Month, meter));
        var (id, _, secret) = await (await alone.RegisterAsync()).SubscribeAsync(plan);
        var folder = alone.NewFolder();
        await using (var node = await alone.StartAsync(folder, ("Limits:Nodes", "2")))
            await AdmissionServer.UntilAsync(() => alone.Call(secret, plan, node).Admitted, "the node serves");
        await provider.ReportAsync(meter, id, 50);
        await using var next = await alone.StartAsync(folder, ("Limits:Nodes", "2"));
        await AdmissionServer.UntilAsync(() => alone.Call(secret, plan, next).Verdict == AdmissionVerdict.RateLimited, "what was reported meanwhile refuses");
    }

    private static async Task UntilUsedAsync(Person consumer, string id, string meter, long used)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (true)
        {
            var (_, body) = await consumer.SendAsync(HttpMethod.Get, $"/api/subscriptions/{id}");
            if (body.GetProperty("usage").EnumerateArray().Single(one => one.GetProperty("meter").GetString() == meter).GetProperty("used").GetInt64() == used)
                return;
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue(body.ToString());
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
