using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Metering;
using Tollgate.TestKit;

namespace Tollgate.Plans.Tests.Invoices;

public sealed class UpcomingInvoiceTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());
    private TestDatabase _database = null!;
    private TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(FoundationModule.Sql, IdentityModule.Sql, MeteringModule.Sql, PlansModule.Sql);
        _server = await TestServer.StartAsync(_database, (services, configuration) => services.AddIdentity(configuration).AddMetering(configuration).AddPlans(configuration),
            app =>
            {
                app.MapIdentity();
                app.MapPlans();
            }, _clock);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Get_UsedPastTheIncluded_ShowsTheArithmetic()
    {
        var consumer = await RegisterAsync("consumer@example.com");
        var subscription = await SubscribeAsync(consumer, new Allowance("requests", 1000, Window.Month, PastAllowance.Charge, 0.005m));
        await UseAsync(subscription, 1, 1501);

        var (status, body) = await GetAsync(consumer, TypeId.Format("sub", subscription.Id));

        status.ShouldBe(200, body.ToString());
        body.GetProperty("currency").GetString().ShouldBe("usd");
        body.GetProperty("period_start").GetDateTimeOffset().ShouldBe(subscription.PeriodStart);
        body.GetProperty("period_end").GetDateTimeOffset().ShouldBe(subscription.PeriodEnd);
        body.GetProperty("lines").GetRawText().ShouldBe(
            """[{"kind":"plan","description":"Pro, 1 month","meter":null,"quantity":1,"unit_price":"19","amount":1900,"included":null,"used":null,"plan_version":1},"""
            + """{"kind":"overage","description":"requests past 1000 included","meter":"requests","quantity":501,"unit_price":"0.005","amount":251,"included":1000,"used":1501,"plan_version":1}]""");
        body.GetProperty("total").GetInt64().ShouldBe(2151);
    }

    [Fact]
    public async Task Get_AfterComingBackOnANewVersion_RatesEachUnitWhereItWasUsed()
    {
        var consumer = await RegisterAsync("consumer@example.com");
        var subscription = await SubscribeAsync(consumer, new Allowance("requests", 100, Window.BillingPeriod, PastAllowance.Charge, 0.1m));
        await UseAsync(subscription, 1, 150);
        var provider = subscription.Plan.Product.ProviderOrganizationId;
        await AsAsync(provider, s => Get<IPlans>().ReviseAsync(s, subscription.Plan.Id, 1,
            PlansDatabase.Draft("Pro", 2900, allowances: new Allowance("requests", 200, Window.BillingPeriod, PastAllowance.Charge, 0.2m))));
        await AsAsync(consumer.Organization, s => Get<ISubscriptions>().CancelAsync(s, subscription.Id));
        (await AsAsync(consumer.Organization, s => Get<ISubscriptions>().SubscribeAsync(s, consumer.Organization, subscription.Plan.Id))).Value.Id.ShouldBe(subscription.Id);
        await UseAsync(subscription, 2, 100);

        var (_, body) = await GetAsync(consumer, TypeId.Format("sub", subscription.Id));

        body.GetProperty("lines").EnumerateArray().Select(l => l.GetProperty("amount").GetInt64()).ShouldBe([2900, 500, 1000]);
        body.GetProperty("total").GetInt64().ShouldBe(4400);
    }

    [Fact]
    public async Task Get_ByTheProviderOrAStrangerOrOfNothing_IsNotFound()
    {
        var consumer = await RegisterAsync("consumer@example.com");
        var provider = await RegisterAsync("provider@example.com");
        var subscription = await SubscribeAsync(consumer, provider.Organization);

        (await GetAsync(provider, TypeId.Format("sub", subscription.Id))).Status.ShouldBe(404);
        (await GetAsync(await RegisterAsync("stranger@example.com"), TypeId.Format("sub", subscription.Id))).Status.ShouldBe(404);
        (await GetAsync(consumer, "sub_nonsense")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Get_SignedOut_IsUnauthenticated()
    {
        using var response = await _server.Client.GetAsync($"/api/subscriptions/{TypeId.Format("sub", Guid.Empty)}/invoices/upcoming", TestContext.Current.CancellationToken);
        ((int)response.StatusCode).ShouldBe(401);
    }

    [Fact]
    public async Task UsageSubject_OfASubscription_IsVisibleToBothSidesOnly()
    {
        var consumer = await RegisterAsync("consumer@example.com");
        var subscription = await SubscribeAsync(consumer);
        var subject = _server.Services.GetServices<IUsageSubjects>().Single(s => s.Kind == "subscription");

        (await AsAsync(consumer.Organization, s => subject.IsVisibleAsync(s, subscription.Id))).ShouldBeTrue();
        (await AsAsync(subscription.Plan.Product.ProviderOrganizationId, s => subject.IsVisibleAsync(s, subscription.Id))).ShouldBeTrue();
        (await AsAsync(TypeId.New(_clock), s => subject.IsVisibleAsync(s, subscription.Id))).ShouldBeFalse();
    }

    private T Get<T>()
        where T : notnull => _server.Services.GetRequiredService<T>();

    private Task<T> AsAsync<T>(Guid organization, Func<DbSession, Task<T>> work) =>
        _database.Database.AsAppAsync(TenantContext.ForOrganization(organization), work, TestContext.Current.CancellationToken);

    private Task<Subscription> SubscribeAsync(Account consumer, params Allowance[] allowances) => SubscribeAsync(consumer, TypeId.New(_clock), allowances);

    private async Task<Subscription> SubscribeAsync(Account consumer, Guid provider, params Allowance[] allowances)
    {
        var plan = await AsAsync(provider, async session =>
        {
            var created = (await Get<IPlans>().CreateAsync(session, new Product("api", TypeId.New(_clock), provider), PlansDatabase.Draft(allowances: allowances))).Value;
            await Get<IPlans>().SetOnSaleAsync(session, created.Product.Id, onSale: true);
            return created;
        });
        return (await AsAsync(consumer.Organization, s => Get<ISubscriptions>().SubscribeAsync(s, consumer.Organization, plan.Id))).Value;
    }

    // As the shipper writes it.
    private Task UseAsync(Subscription subscription, int version, decimal amount) => _database.Database.AsIngestAsync(s => s.ExecuteAsync("""
        INSERT INTO metering.usage_by_period (subscription_id, plan_version, meter, period_start, organization_id, provider_organization_id, amount)
        VALUES (@Id, @version, 'requests', @PeriodStart, @OrganizationId, @provider, @amount)
        """, new { subscription.Id, version, subscription.PeriodStart, subscription.OrganizationId, provider = subscription.Plan.Product.ProviderOrganizationId, amount }),
        TestContext.Current.CancellationToken);

    private async Task<Account> RegisterAsync(string email)
    {
        using var response = await _server.Client.PostAsJsonAsync("/auth/register", new { email, password = "correct horse battery staple", name = "Ada" }, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        ((int)response.StatusCode).ShouldBe(201, body.ToString());
        TypeId.TryParse(body.GetProperty("organization").GetProperty("id").GetString(), "org", out var organization).ShouldBeTrue(body.ToString());
        return new Account(organization, body.GetProperty("access_token").GetString()!);
    }

    private async Task<(int Status, JsonElement Body)> GetAsync(Account account, string subscription)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/subscriptions/{subscription}/invoices/upcoming");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", account.Token);
        using var response = await _server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken));
    }

    private sealed record Account(Guid Organization, string Token);
}
