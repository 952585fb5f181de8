using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Host.Startup;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Host.Demo;

/// <summary>Does the main job once, through the public API, as any provider and consumer would: only the operator and the demo organization are made inside.</summary>
internal static class DemoSeed
{
    private const string Email = "operator@localhost";

    public static async Task<DemoFacts> SeedAsync(WebApplication app, string password, CancellationToken cancellation)
    {
        var control = new Uri((app.Configuration["Control:Url"] ?? TollgateHost.DefaultControlUrl).Split(';')[0].Replace("0.0.0.0", "localhost", StringComparison.Ordinal).Replace("[::]", "localhost", StringComparison.Ordinal));
        var seeder = app.Services.GetRequiredService<IAccountSeeder>();
        var account = await seeder.EnsureAccountAsync(Email, "Operator", password, isOperator: true, cancellation).ConfigureAwait(false);
        if (!account.Created)
            throw new StartupException("The demo was seeded, but data/demo.json, which holds its password, is gone. Start with Demo__Seed=false, or with an empty data folder.");
        await seeder.EnsureOrganizationAsync(account.AccountId, "demo", "Demo Observatory", cancellation).ConfigureAwait(false);

        using var http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) }) { BaseAddress = control, Timeout = TimeSpan.FromSeconds(60) };
        var session = await PostAsync(http, "/auth/login", new { email = Email, password }, cancellation).ConfigureAwait(false);
        http.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        var (gatewayUrl, paidPlan) = await PublishAlmanacAsync(http, app.Configuration, cancellation).ConfigureAwait(false);
        var key = await SubscribeAsync(http, paidPlan, cancellation).ConfigureAwait(false);
        var actionsKey = await SubscribeAsync(http, await SellActionsAsync(app, account.AccountId, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        return new DemoFacts(control.ToString().TrimEnd('/'), Email, password, key, actionsKey, gatewayUrl);
    }

    private static async Task<(string GatewayUrl, string PaidPlan)> PublishAlmanacAsync(HttpClient http, IConfiguration configuration, CancellationToken cancellation)
    {
        await using var document = typeof(DemoSeed).Assembly.GetManifestResourceStream("almanac.yaml")!;
        using var reader = new StreamReader(document);
        var api = await PostAsync(http, "/api/apis", new
        {
            organization = "demo",
            name = "Almanac",
            slug = "almanac",
            category = "data",
            tags = new[] { "sun", "moon", "calendar" },
            summary = "Sunrise, sunset and the moon, for any day and place",
            upstream_url = configuration["Demo:UpstreamUrl"] ?? "http://127.0.0.1:8090",
            openapi = await reader.ReadToEndAsync(cancellation).ConfigureAwait(false),
        }, cancellation).ConfigureAwait(false);
        var id = api.GetProperty("id").GetString();
        await PostAsync(http, $"/api/apis/{id}/plans", new
        {
            name = "Free",
            description = "To try it out",
            price = new { amount = 0, currency = "usd", interval = "month" },
            allowances = new[] { new { meter = "requests", amount = 10, window = "minute", past = "deny" }, new { meter = "requests", amount = 1000, window = "month", past = "deny" } },
        }, cancellation).ConfigureAwait(false);
        var paid = await PostAsync(http, $"/api/apis/{id}/plans", new
        {
            name = "Observatory",
            description = "For products",
            price = new { amount = 1900, currency = "usd", interval = "month" },
            allowances = new object[]
            {
                new { meter = "requests", amount = 600, window = "minute", past = "deny" },
                new { meter = "requests", amount = 10_000, window = "billing_period", past = "charge", unit_price = "0.002" },
            },
        }, cancellation).ConfigureAwait(false);
        await PostAsync(http, $"/api/apis/{id}/publish", new { }, cancellation).ConfigureAwait(false);
        return (api.GetProperty("gateway_url").GetString()!, paid.GetProperty("id").GetString()!);
    }

    // The built-in API has no upstream and no document to import: its plan is made where plans are made.
    private static async Task<string> SellActionsAsync(WebApplication app, Guid accountId, CancellationToken cancellation)
    {
        var caller = await app.Services.GetRequiredService<IAccountSeeder>().ImpersonateAsync(accountId, cancellation).ConfigureAwait(false);
        var plans = app.Services.GetRequiredService<IPlans>();
        var product = new Product("api", BuiltInApi.Id, caller.PersonalOrganization.OrganizationId);
        var draft = new PlanDraft("Actions", "The built-in actions", new Price(0, "usd", PriceInterval.Month),
        [
            new Allowance("requests", 120, Window.Minute, PastAllowance.Deny, null),
            new Allowance("actions", 10_000, Window.Month, PastAllowance.Deny, null),
        ]);
        var plan = await app.Services.GetRequiredService<IDatabase>().AsAppAsync(caller.Tenant, async session =>
        {
            var made = await plans.CreateAsync(session, product, draft).ConfigureAwait(false);
            await plans.SetOnSaleAsync(session, product.Id, onSale: true).ConfigureAwait(false);
            return made;
        }, cancellation).ConfigureAwait(false);
        return TypeId.Format("plan", plan.Value.Id);
    }

    private static async Task<string> SubscribeAsync(HttpClient http, string planId, CancellationToken cancellation)
    {
        var subscription = await PostAsync(http, "/api/subscriptions", new { plan_id = planId }, cancellation).ConfigureAwait(false);
        return subscription.GetProperty("key").GetProperty("secret").GetString()!;
    }

    private static async Task<JsonElement> PostAsync(HttpClient http, string path, object body, CancellationToken cancellation)
    {
        using var response = await http.PostAsJsonAsync(path, body, Json.Options, cancellation).ConfigureAwait(false);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellation).ConfigureAwait(false);
        return response.IsSuccessStatusCode ? answer : throw new StartupException($"Seeding the demo failed at POST {path}: {answer}");
    }
}
