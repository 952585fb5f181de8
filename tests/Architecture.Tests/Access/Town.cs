using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission;
using Tollgate.Catalog;
using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Identity;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Architecture.Tests.Access;

/// <summary>
/// The whole control API on a real server, with an organization that sells and subscribes, an account for each of its roles, the owner of a foreign
/// organization, and an operator, who is a member of neither.
/// </summary>
public sealed class Town : IAsyncLifetime
{
    public const string Stranger = "stranger";
    public const string Operator = "operator";

    /// <summary>An owner of every organization who has no second factor; <see cref="AskForSecondFactorsAsync"/> calls him in.</summary>
    public const string Bare = "bare";

    public const string Slug = "town";

    internal const string Password = "correct horse battery staple";

    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);
    private TestDatabase? _database;
    private TestServer? _server;
    private int _count;

    /// <summary>Owner, Admin, Developer, Billing, Viewer, and the two from outside.</summary>
    public static IReadOnlyList<string> People { get; } = [.. Enum.GetNames<OrganizationRole>(), Stranger, Operator];

    internal List<RouteEndpoint> Endpoints { get; private set; } = [];

    internal TestDatabase Database => _database!;

    internal Guid OrganizationId { get; private set; }

    internal Dictionary<string, Guid> Accounts { get; } = new(StringComparer.Ordinal);

    internal string Organization => TypeId.Format("org", OrganizationId);

    /// <summary>Published, with a plan and a subscription that has a key.</summary>
    internal string Api { get; private set; } = "";

    internal string Plan { get; private set; } = "";

    internal string Subscription { get; private set; } = "";

    internal string Meter { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(IdentityModule.Sql, MeteringModule.Sql, PlansModule.Sql, AdmissionModule.Sql, GatewayModule.Sql, CatalogModule.Sql);
        _server = await TestServer.StartAsync(_database, (services, configuration) =>
            services.AddIdentity(configuration).AddMetering(configuration).AddPlans(configuration).AddAdmission(configuration).AddGateway(configuration).AddCatalog(configuration), Map,
            settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tollgate:Roles"] = "control", ["Gateway:AllowPrivateUpstreams"] = "true", ["Identity:LoginsPerMinute"] = "1000" });
        await PeopleAsync();
        (Api, Plan, Subscription) = await SaleAsync();
        Meter = Text(await MakeAsync("/api/meters", new { organization = Slug, name = "pages", unit = "page" }), "id");
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    internal async Task ExecuteAsync(string sql)
    {
        await using var command = Database.OwnerOrSuperuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    internal string Fresh(string name) => $"{name}-{Interlocked.Increment(ref _count)}";

    /// <summary>An API on sale with its plan and a subscription.</summary>
    internal async Task<(string Api, string Plan, string Subscription)> SaleAsync()
    {
        var api = await DraftAsync();
        var plan = await PlanAsync(api);
        await MakeAsync($"/api/apis/{api}/publish", new { });
        return (api, plan, Text(await MakeAsync("/api/subscriptions", new { plan_id = plan, organization = Slug }), "id"));
    }

    internal async Task<string> DraftAsync() => Text(await MakeAsync("/api/apis", Draft()), "id");

    internal object Draft()
    {
        var slug = Fresh("api");
        return new { organization = Slug, name = slug, slug, upstream_url = "http://127.0.0.1:9", openapi = Document };
    }

    internal async Task<string> PlanAsync(string api) => Text(await MakeAsync($"/api/apis/{api}/plans", Offer()), "id");

    internal object Offer() => new
    {
        name = Fresh("Plan"),
        price = new { amount = 1000, currency = "usd", interval = "month" },
        allowances = new[] { new { meter = "requests", amount = 10, window = "minute", past = "deny" } },
    };

    internal string AccountOf(string who) => TypeId.Format("acc", Accounts[who]);

    /// <summary>Another organization with a member of every role.</summary>
    internal async Task<string> OrganizationAsync()
    {
        var slug = Fresh("other");
        var made = await _server!.Services.GetRequiredService<IAccountSeeder>().EnsureOrganizationAsync(Accounts[nameof(OrganizationRole.Owner)], slug, "Other", TestContext.Current.CancellationToken);
        await JoinAllAsync(made.Id);
        return slug;
    }

    /// <summary>As the organization's owner, or as somebody else; it must succeed.</summary>
    internal async Task<JsonElement> MakeAsync(string path, object body, string who = nameof(OrganizationRole.Owner))
    {
        var (status, text) = await SendAsync(HttpMethod.Post, path, who, body);
        status.ShouldBeInRange(200, 299, $"POST {path}: {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    /// <param name="who">One of <see cref="People"/>, a token itself, or null for nobody.</param>
    internal async Task<(int Status, string Text)> SendAsync(HttpMethod method, string path, string? who, object? body, string? requestId = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body as HttpContent ?? (body is null ? null : JsonContent.Create(body)) };
        if (who is not null)
            request.Headers.Authorization = new("Bearer", _tokens.GetValueOrDefault(who, who));
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        if (requestId is not null)
            request.Headers.Add(RequestId.Header, requestId);
        using var response = await _server!.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    internal async Task SignInAsync(string who)
    {
        using var login = await _server!.Client.PostAsJsonAsync("/auth/login", new { email = $"{who.ToLowerInvariant()}@example.com", password = Password }, TestContext.Current.CancellationToken);
        _tokens[who] = Text(await login.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken), "access_token");
    }

    /// <summary>An API token with these scopes, of the owner or of somebody else.</summary>
    internal async Task<string> TokenAsync(IEnumerable<TokenScope> scopes, string who = nameof(OrganizationRole.Owner)) =>
        Text(await MakeAsync("/api/tokens", new { name = Fresh("token"), scopes = scopes.Select(TokenScopes.Text) }, who), "secret");

    internal static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static object Document { get; } = new
    {
        openapi = "3.1.0",
        info = new { title = "Moons", version = "1" },
        paths = new Dictionary<string, object>(StringComparer.Ordinal) { ["/moons"] = new { get = new { responses = new Dictionary<string, object>(StringComparer.Ordinal) { ["200"] = new { description = "ok" } } } } },
    };

    private void Map(WebApplication app)
    {
        app.MapIdentity().MapMetering().MapPlans().MapAdmission().MapGateway().MapCatalog();
        Endpoints = ProgramEndpoints.Of(app);
    }

    private async Task PeopleAsync()
    {
        var seeder = _server!.Services.GetRequiredService<IAccountSeeder>();
        foreach (var who in People)
        {
            var email = $"{who.ToLowerInvariant()}@example.com";
            Accounts[who] = (await seeder.EnsureAccountAsync(email, who, Password, who == Operator, TestContext.Current.CancellationToken)).AccountId;
            await SignInAsync(who);
        }
        OrganizationId = (await seeder.EnsureOrganizationAsync(Accounts[nameof(OrganizationRole.Owner)], Slug, "Town", TestContext.Current.CancellationToken)).Id;
        await JoinAllAsync(OrganizationId);
    }

    /// <summary>Every organization, and every one that is made, asks a second factor of its members. The owner has one and has shown it.</summary>
    internal async Task AskForSecondFactorsAsync()
    {
        Accounts[Bare] = (await _server!.Services.GetRequiredService<IAccountSeeder>().EnsureAccountAsync($"{Bare}@example.com", Bare, Password, isOperator: false, TestContext.Current.CancellationToken)).AccountId;
        await SignInAsync(Bare);
        await JoinAllAsync(OrganizationId);
        await ExecuteAsync($"""
            ALTER TABLE identity.organization ALTER COLUMN require_second_factor SET DEFAULT true;
            UPDATE identity.organization SET require_second_factor = true;
            INSERT INTO identity.passkey (id, account_id, credential_id, name, public_key, sign_count, transports, user_verified, backup_eligible, backed_up, attestation_object, client_data, created_at)
            VALUES (gen_random_uuid(), '{Accounts[nameof(OrganizationRole.Owner)]}', 'walk', 'walk', '', 0, ARRAY[]::text[], true, false, false, '', '', now());
            UPDATE identity.session SET second_factor_at = now() WHERE account_id = '{Accounts[nameof(OrganizationRole.Owner)]}'
            """);
    }

    internal Task AskForSecondFactorsNoMoreAsync() => ExecuteAsync("""
        ALTER TABLE identity.organization ALTER COLUMN require_second_factor SET DEFAULT false;
        UPDATE identity.organization SET require_second_factor = false;
        DELETE FROM identity.passkey WHERE credential_id = 'walk'
        """);

    /// <summary>Every role becomes a member.</summary>
    internal async Task JoinAllAsync(Guid organizationId)
    {
        foreach (var who in Enum.GetNames<OrganizationRole>().Append(Bare).Where(Accounts.ContainsKey))
        {
            await using var command = Database.OwnerOrSuperuser.CreateCommand("INSERT INTO identity.member (organization_id, account_id, role) VALUES ($1, $2, $3) ON CONFLICT (organization_id, account_id) DO UPDATE SET role = excluded.role");
            command.Parameters.AddWithValue(organizationId);
            command.Parameters.AddWithValue(Accounts[who]);
            command.Parameters.AddWithValue((who == Bare ? nameof(OrganizationRole.Owner) : who).ToLowerInvariant());
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }
}
