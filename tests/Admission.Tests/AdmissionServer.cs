using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Leases;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests;

/// <summary>The modules up to this one on a fresh database; one for each test class.</summary>
public sealed class AdmissionServer : IAsyncLifetime
{
    private readonly List<string> _folders = [];
    private int _people;

    public TestDatabase Database { get; private set; } = null!;

    /// <summary>Through which its nodes share their limits.</summary>
    public string? Redis { get; init; }

    /// <summary>Of all its nodes.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>How long its nodes hold places of calls in flight; null: as they are set up.</summary>
    internal SlotOptions? Slots { get; init; }

    public TestServer Server { get; private set; } = null!;

    /// <summary>What was mailed.</summary>
    internal SentMails Mails { get; } = new();

    public IAdmission Admission => Server.Services.GetRequiredService<IAdmission>();

    internal NodeState State => Server.Services.GetRequiredService<NodeState>();

    public async ValueTask InitializeAsync()
    {
        Database = await TestDatabase.CreateAsync(IdentityModule.Sql, MeteringModule.Sql, PlansModule.Sql, AdmissionModule.Sql);
        Server = await StartAsync(NewFolder());
        await UntilReadyAsync(Server);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Database.DisposeAsync();
        _folders.ForEach(folder => Directory.Delete(folder, recursive: true));
    }

    public string NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("tollgate-admission-").FullName;
        _folders.Add(folder);
        return folder;
    }

    public Task<TestServer> StartAsync(string folder, params (string Name, string Value)[] settings)
    {
        var all = settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value, StringComparer.Ordinal);
        foreach (var (name, value) in Settings)
            all[name] = value;
        all["Data:Directory"] = folder;
        all["Redis:Url"] = Redis;
        all["Identity:RegistersPerHour"] = "1000";
        return TestServer.StartAsync(Database, (services, configuration) =>
        {
            services.AddSingleton<IAccountMailer>(Mails).AddSingleton<IProductOperations>(new Operations());
            services.AddIdentity(configuration);
            services.AddMetering(configuration);
            services.AddPlans(configuration);
            services.AddAdmission(configuration);
            if (Slots is not null)
                services.AddSingleton(Slots);
        }, app =>
        {
            app.MapHealth();
            app.MapIdentity();
            app.MapMetering();
            app.MapPlans();
            app.MapAdmission();
        }, settings: all);
    }

    public static Task UntilReadyAsync(TestServer server) => UntilAsync(() => server.Services.GetRequiredService<IAdmission>().Ready, "the node is ready");

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (!condition())
        {
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue($"waited in vain: {what}");
            await Task.Delay(10);
        }
    }

    public async Task<Person> RegisterAsync()
    {
        var email = $"person{Interlocked.Increment(ref _people)}@example.com";
        using var response = await Server.Client.PostAsJsonAsync("/auth/register", new { email, password = "correct horse battery staple", name = "Ada" });
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        ((int)response.StatusCode).ShouldBe(201, body.ToString());
        TypeId.TryParse(body.GetProperty("organization").GetProperty("id").GetString(), "org", out var organization).ShouldBeTrue();
        TypeId.TryParse(body.GetProperty("account").GetProperty("id").GetString(), "acc", out var account).ShouldBeTrue();
        return new Person(this, account, organization, body.GetProperty("access_token").GetString()!);
    }

    /// <summary>A plan on sale, for a product of its own.</summary>
    internal Task<Plan> PlanAsync(Person provider, params Allowance[] allowances) => PlanAsync(provider, null, allowances);

    internal async Task<Plan> PlanAsync(Person provider, int? concurrency, Allowance[] allowances)
    {
        var plans = Server.Services.GetRequiredService<IPlans>();
        var product = new Product("api", TypeId.New(TimeProvider.System), provider.Organization);
        var outcome = await Database.Database.AsAppAsync(provider.Tenant, async session =>
        {
            var plan = await plans.CreateAsync(session, product, new PlanDraft("Basic", "", new Price(0, "usd", PriceInterval.Month), allowances, concurrency));
            await plans.SetOnSaleAsync(session, product.Id, onSale: true);
            return plan;
        }, CancellationToken.None);
        return outcome.Value;
    }

    internal AdmissionDecision Call(string secret, Plan plan, TestServer? server = null, CallOrigin origin = default) =>
        (server ?? Server).Services.GetRequiredService<IAdmission>().Admit(Encoding.ASCII.GetBytes(secret), plan.Product.Id, Node.Amounts((Meter.Requests, 1)), origin);

    /// <summary>Puts an admitted call into a node's journal, as the gateway does at its end.</summary>
    internal static void Append(TestServer node, in AdmissionDecision decision)
    {
        decision.Admitted.ShouldBeTrue($"{decision.Verdict}");
        node.Services.GetRequiredService<IUsageJournal>().Append(new UsageEvent
        {
            RequestId = TypeId.New(TimeProvider.System),
            StartMicros = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10,
            DurationMicros = 1000,
            UpstreamMicros = 500,
            KeyId = decision.KeyId,
            SubscriptionId = decision.SubscriptionId,
            PlanVersion = decision.PlanVersion,
            PeriodStartSeconds = decision.PeriodStartSeconds,
            OrganizationId = decision.OrganizationId,
            ProviderOrganizationId = decision.ProviderOrganizationId,
            ApiId = TypeId.New(TimeProvider.System),
            ApiVersion = 1,
            Method = "GET"u8.ToArray(),
            Path = "/x"u8.ToArray(),
            Status = 200,
            Outcome = UsageOutcome.Served,
            Billable = true,
            Amounts = decision.Amounts,
        });
    }
}

internal sealed class SentMails : IAccountMailer
{
    public ConcurrentQueue<AccountMail> All { get; } = new();

    public Task SendAsync(DbSession session, AccountMail mail)
    {
        // Who registers is mailed too; that is not these tests' matter.
        if (mail.Kind != AccountMailKind.VerifyEmail)
            All.Enqueue(mail);
        return Task.CompletedTask;
    }
}

/// <summary>Every product of these tests has the same two endpoints.</summary>
internal sealed class Operations : IProductOperations
{
    public static readonly ProductOperation Moons = new(new Guid(1, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1), "GET", "/moons", "listMoons", null);
    public static readonly ProductOperation Tides = new(new Guid(2, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1), "GET", "/tides", null, "The tides");

    public string Kind => "api";

    public Task<IReadOnlyList<ProductOperation>> OfAsync(DbSession session, Guid productId) => Task.FromResult<IReadOnlyList<ProductOperation>>([Moons, Tides]);
}

public sealed record Person(AdmissionServer Host, Guid Account, Guid Organization, string Token)
{
    public TenantContext Tenant => new(Account, [Organization]);

    public async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, object? body = null, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new("Bearer", Token);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        using var response = await Host.Server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    /// <summary>The full name of a meter that this person's organization declares now.</summary>
    public async Task<string> DeclareAsync(string name)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, "/api/meters", new { name, unit = "page" });
        status.ShouldBe(201, body.ToString());
        return body.GetProperty("name").GetString()!;
    }

    /// <summary>Reports an amount for a subscription to one of this person's products.</summary>
    public async Task ReportAsync(string meter, string subscription, long amount, DateTimeOffset? time = null)
    {
        var id = TypeId.Format("evt", TypeId.New(TimeProvider.System));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/usage/events")
        {
            Content = JsonContent.Create(new { specversion = "1.0", id, source = "/test", type = meter, subject = subscription, time, data = new { amount } }, new System.Net.Http.Headers.MediaTypeHeaderValue("application/cloudevents+json")),
        };
        request.Headers.Authorization = new("Bearer", Token);
        using var response = await Host.Server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        JsonDocument.Parse(text).RootElement.GetProperty("accepted").GetInt32().ShouldBe(1, text);
    }

    internal async Task<(string Id, string KeyId, string Secret)> SubscribeAsync(Plan plan)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, "/api/subscriptions", new { plan_id = TypeId.Format("plan", plan.Id) });
        status.ShouldBe(201, body.ToString());
        var key = body.GetProperty("key");
        return (body.GetProperty("id").GetString()!, key.GetProperty("id").GetString()!, key.GetProperty("secret").GetString()!);
    }
}
