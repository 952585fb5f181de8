using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission;
using Tollgate.Architecture.Tests.Access;
using Tollgate.Catalog;
using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Host.Startup;
using Tollgate.Identity;
using Tollgate.Identity.Tests;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Architecture.Tests;

/// <summary>
/// Every endpoint that changes something writes into the audit log: each is called once, for real, and its entry is looked for by the id of the request.
/// What <see cref="WalkAsync"/> and <see cref="AccountAuditWalk"/> have no step for is called with its sample (<see cref="Samples"/>); what that does not bring to a change has a reason in <see cref="NoEntry"/>.
/// </summary>
public sealed class AuditWalkTests(Town town) : IClassFixture<Town>, IAsyncLifetime
{
    // Endpoints that write nothing, each with the reason.
    private static readonly Dictionary<string, string> NoEntry = new(StringComparer.Ordinal)
    {
        ["getReadiness"] = "answers every method alike and changes nothing",
        ["postEcho"] = "changes nothing",
        ["performAction"] = "changes nothing; the call is in the request log",
        ["reportUsage"] = "each event is a row of its own, with who reported it",
        // What only begins: nothing of the account is another one until what was begun ends, which the walk does too.
        ["askForSignInMail"] = "a mail; who signs in by it is written",
        ["askForPasskey"] = "a question; who answers it is written",
        ["askForPasswordReset"] = "a mail; the new password is written",
        ["sendVerificationMail"] = "the mail of register once more; the proof is written",
        ["offerTotp"] = "counts for nothing until a code of it is shown, which is written",
        ["offerPasskey"] = "a question; the passkey that answers it is written",
        ["lookAtInvitation"] = "reads; the secret is in the body",
        ["signInByProvider"] = "only begins; the return from the provider, a GET, writes who signed in or was registered",
        ["connectProvider"] = "only begins; the return from the provider, a GET, writes what was connected",
    };

    private readonly HashSet<string> _walked = new(StringComparer.Ordinal);
    private readonly List<string> _silent = [];
    private readonly SentMails _mails = new();
    private TestDatabase? _database;
    private TestServer? _server;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(IdentityModule.Sql, MeteringModule.Sql, PlansModule.Sql, AdmissionModule.Sql, GatewayModule.Sql, CatalogModule.Sql);
        _server = await TestServer.StartAsync(_database, (services, configuration) =>
            services.AddSingleton<IAccountMailer>(_mails).AddIdentity(configuration).AddMetering(configuration).AddPlans(configuration).AddAdmission(configuration).AddGateway(configuration).AddCatalog(configuration),
            app =>
            {
                app.MapIdentity();
                app.MapMetering();
                app.MapPlans();
                app.MapAdmission();
                app.MapGateway();
                app.MapCatalog();
            }, settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tollgate:Roles"] = "control", ["Gateway:AllowPrivateUpstreams"] = "true", ["Identity:MailsPerHour"] = "100" });
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    [Fact]
    public async Task EveryChangingEndpoint_WritesAnEntryOrIsListedWithAReason()
    {
        await new AccountAuditWalk(_server!, _mails, AccountStepAsync).WalkAsync();
        await WalkAsync();
        await WalkSamplesAsync();
        _silent.ShouldBeEmpty("answered, and no entry has the request's id");
        var all = await ChangingEndpointsAsync();
        all.Except(_walked, StringComparer.Ordinal).Except(NoEntry.Keys, StringComparer.Ordinal).ShouldBeEmpty("add a step to WalkAsync, or a reason to NoEntry");
        _walked.Intersect(NoEntry.Keys, StringComparer.Ordinal).Concat(_walked.Concat(NoEntry.Keys).Except(all, StringComparer.Ordinal)).ShouldBeEmpty("listed, and not so");
    }

    private async Task<JsonElement> AccountStepAsync(AuditStep step)
    {
        var requestId = $"walk-account-{_walked.Count}-{step.Action}";
        using var request = new HttpRequestMessage(step.Method, step.Path) { Content = step.Body is null ? null : JsonContent.Create(step.Body) };
        request.Headers.Add(RequestId.Header, requestId);
        if (step.Token is not null)
            request.Headers.Authorization = new("Bearer", step.Token);
        using var response = await _server!.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        // The one refusal that changes something: a refresh token that was used twice.
        (response.IsSuccessStatusCode || step.Endpoint == "refreshSession").ShouldBeTrue($"{step.Endpoint}: {(int)response.StatusCode} {text}");
        _walked.Add(step.Endpoint);
        if (await CountAsync(_database!, requestId, $"AND action = '{step.Action}'") == 0)
            _silent.Add($"{step.Endpoint}: {step.Action}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    private async Task WalkSamplesAsync()
    {
        foreach (var endpoint in town.Endpoints.Where(endpoint => ProgramEndpoints.MethodOf(endpoint) is not ("GET" or "HEAD") && !ProgramEndpoints.IsOpen(endpoint)))
        {
            var (name, sample) = (ProgramEndpoints.NameOf(endpoint), Samples.All[ProgramEndpoints.NameOf(endpoint)]);
            if (_walked.Contains(name) || NoEntry.ContainsKey(name))
                continue;
            // The last owner cannot leave.
            var who = ProgramEndpoints.AccessOf(endpoint)!.Kind == AccessKind.Operator ? Town.Operator
                : name == "leaveOrganization" ? nameof(OrganizationRole.Viewer) : nameof(OrganizationRole.Owner);
            var (status, text) = await town.SendAsync(new HttpMethod(ProgramEndpoints.MethodOf(endpoint)), await EndpointWalkTests.PathAsync(town, endpoint, sample), who, sample.Body(town), $"walk-{name}");
            status.ShouldBeInRange(200, 299, $"{name}: {text}");
            _walked.Add(name);
            if (await CountAsync(town.Database, $"walk-{name}") == 0)
                _silent.Add(name);
        }
    }

    private static async Task<long> CountAsync(TestDatabase database, string requestId, string condition = "")
    {
        await using var command = database.OwnerOrSuperuser.CreateCommand($"SELECT count(*) FROM identity.audit_entry WHERE request_id = '{requestId}' {condition}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task WalkAsync()
    {
        using var registered = await _server!.Client.PostAsJsonAsync("/auth/register", new { email = "walker@example.com", password = "correct horse battery staple", name = "Walker" });
        var session = await registered.Content.ReadFromJsonAsync<JsonElement>();
        _server.Client.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        await using (var verify = _database!.OwnerOrSuperuser.CreateCommand("UPDATE identity.account SET email_verified_at = now()"))
            await verify.ExecuteNonQueryAsync();
        var api = await WalkApiAsync();
        var plan = await WalkPlansAsync(api);
        await WalkSubscriptionAsync(plan);
        await WalkAdminAsync();
        await StepAsync("unpublishApi", HttpMethod.Post, $"/api/apis/{api}/unpublish");
        await StepAsync("archiveApi", HttpMethod.Post, $"/api/apis/{api}/archive");
        var meter = Id(await StepAsync("declareMeter", HttpMethod.Post, "/api/meters", new { name = "x.walker.pages", unit = "pages" }));
        await StepAsync("archiveMeter", HttpMethod.Post, $"/api/meters/{meter}/archive");
        await StepAsync("restoreMeter", HttpMethod.Post, $"/api/meters/{meter}/restore");
        await WalkSessionsAsync();
    }

    private async Task WalkSessionsAsync()
    {
        var token = (await StepAsync("createApiToken", HttpMethod.Post, "/api/tokens", new { name = "CI", scopes = new[] { "apis:read" } })).GetProperty("token");
        await StepAsync("endApiToken", HttpMethod.Delete, $"/api/tokens/{Id(token)}");
        async Task SignInAgainAsync()
        {
            using var login = await _server!.Client.PostAsJsonAsync("/auth/login", new { email = "walker@example.com", password = "correct horse battery staple" });
            login.EnsureSuccessStatusCode();
        }
        await SignInAgainAsync();
        var sessions = (await _server!.Client.GetFromJsonAsync<JsonElement>("/auth/sessions")).GetProperty("data").EnumerateArray();
        await StepAsync("endSession", HttpMethod.Delete, $"/auth/sessions/{Id(sessions.First(one => !one.GetProperty("current").GetBoolean()))}");
        await SignInAgainAsync();
        await StepAsync("endOtherSessions", HttpMethod.Post, "/auth/sessions/end-others");
        await StepAsync("endAllSessions", HttpMethod.Post, "/auth/sessions/end-all");
    }

    private async Task WalkAdminAsync()
    {
        var seeder = _server!.Services.GetRequiredService<IAccountSeeder>();
        var other = TypeId.Format("acc", (await seeder.EnsureAccountAsync("other@example.com", "Other", "correct horse battery staple", isOperator: true, CancellationToken.None)).AccountId);
        await using (var promote = _database!.OwnerOrSuperuser.CreateCommand("UPDATE identity.account SET role = 'admin'"))
            await promote.ExecuteNonQueryAsync();
        await StepAsync("adminSetAccountRole", HttpMethod.Put, $"/api/admin/accounts/{other}/role", new { role = "user" });
        await StepAsync("adminDisableAccount", HttpMethod.Post, $"/api/admin/accounts/{other}/disable", new { });
        await StepAsync("adminEnableAccount", HttpMethod.Post, $"/api/admin/accounts/{other}/enable", new { });
        using var login = await _server.Client.PostAsJsonAsync("/auth/login", new { email = "other@example.com", password = "correct horse battery staple" });
        await using var session = _database.OwnerOrSuperuser.CreateCommand("SELECT s.id FROM identity.session s JOIN identity.account a ON a.id = s.account_id WHERE a.email = 'other@example.com' AND s.ended_at IS NULL");
        await StepAsync("adminEndSession", HttpMethod.Delete, $"/api/admin/sessions/{TypeId.Format("ses", (Guid)(await session.ExecuteScalarAsync())!)}");
        await StepAsync("adminEndSessions", HttpMethod.Delete, $"/api/admin/accounts/{other}/sessions");
        await using (var app = _database.OwnerOrSuperuser.CreateCommand("INSERT INTO identity.totp (account_id, sealed, created_at, confirmed_at) SELECT id, '', now(), now() FROM identity.account WHERE email = 'other@example.com'"))
            await app.ExecuteNonQueryAsync();
        await StepAsync("adminRemoveSecondFactors", HttpMethod.Delete, $"/api/admin/accounts/{other}/second-factor", new { reason = "walked" });
    }

    private async Task<string> WalkApiAsync()
    {
        var document = new
        {
            openapi = "3.1.0",
            info = new { title = "Moons", version = "1" },
            paths = new Dictionary<string, object>(StringComparer.Ordinal) { ["/moons"] = new { get = new { operationId = "listMoons", responses = new Dictionary<string, object>(StringComparer.Ordinal) { ["200"] = new { description = "ok" } } } } },
        };
        var api = Id(await StepAsync("createApi", HttpMethod.Post, "/api/apis", new { name = "Moons", slug = "moons", upstream_url = "http://127.0.0.1:9", openapi = document }));
        await StepAsync("editApi", HttpMethod.Patch, $"/api/apis/{api}", new { name = "All moons" }, "\"1\"");
        await StepAsync("setApiLimits", HttpMethod.Put, $"/api/apis/{api}/limits", new { limits = new[] { new { window = "minute", amount = 100 } } });
        await StepAsync("setApiUpstreams", HttpMethod.Put, $"/api/apis/{api}/upstreams", new { targets = new[] { new { url = "http://127.0.0.1:10", weight = 1 } } }, "\"2\"");
        return api;
    }

    private async Task<string> WalkPlansAsync(string api)
    {
        var plan = Id(await StepAsync("createApiPlan", HttpMethod.Post, $"/api/apis/{api}/plans", Plan("Small")));
        await StepAsync("revisePlan", HttpMethod.Patch, $"/api/plans/{plan}", Plan("Less"), "\"1\"");
        await StepAsync("publishApi", HttpMethod.Post, $"/api/apis/{api}/publish");
        var other = Id(await StepAsync("createApiPlan", HttpMethod.Post, $"/api/apis/{api}/plans", Plan("Other")));
        await StepAsync("archivePlan", HttpMethod.Post, $"/api/plans/{other}/archive");
        return plan;
    }

    private async Task WalkSubscriptionAsync(string plan)
    {
        var subscription = Id(await StepAsync("createSubscription", HttpMethod.Post, "/api/subscriptions", new { plan_id = plan }));
        await StepAsync("overrideSubscriptionAllowances", HttpMethod.Put, $"/api/subscriptions/{subscription}/allowances", new { overrides = new[] { new { meter = "requests", window = "minute", amount = 7 } } });
        await StepAsync("setSpendCap", HttpMethod.Put, $"/api/subscriptions/{subscription}/spend-cap", new { amount = 500 });
        var key = Id(await StepAsync("createKey", HttpMethod.Post, $"/api/subscriptions/{subscription}/keys", new { name = "CI" }));
        await StepAsync("editKey", HttpMethod.Put, $"/api/keys/{key}", new { name = "Build" });
        var next = await StepAsync("rotateKey", HttpMethod.Post, $"/api/keys/{key}/rotate", new { grace_seconds = 60 });
        await StepAsync("reportLeakedKeys", HttpMethod.Post, "/api/keys/leaked", new[] { new { token = next.GetProperty("secret").GetString(), type = "tollgate_key", url = "https://example.com/paste", source = "content" } });
        await StepAsync("revokeKey", HttpMethod.Delete, $"/api/keys/{key}");
        await StepAsync("cancelSubscription", HttpMethod.Delete, $"/api/subscriptions/{subscription}");
    }

    private static object Plan(string name) => new
    {
        name,
        price = new { amount = 0, currency = "usd", interval = "month" },
        allowances = new[] { new { meter = "requests", amount = 10, window = "minute", past = "deny" } },
    };

    private async Task<JsonElement> StepAsync(string name, HttpMethod method, string path, object? body = null, string? ifMatch = null)
    {
        var requestId = $"walk-{name}-{_walked.Count}";
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body ?? new { }) };
        request.Headers.Add(RequestId.Header, requestId);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        using var response = await _server!.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{name}: {(int)response.StatusCode} {text}");
        _walked.Add(name);
        if (await CountAsync(_database!, requestId) == 0)
            _silent.Add(name);
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    private static string Id(JsonElement body) => body.GetProperty("id").GetString()!;

    private static async Task<List<string>> ChangingEndpointsAsync()
    {
        await using var app = TollgateHost.Build(["--Data:Directory", Directory.CreateTempSubdirectory("tollgate-endpoints-").FullName]);
        return [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.All(method => method is "GET" or "HEAD") != true)
            .Select(endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "").Distinct(StringComparer.Ordinal)];
    }
}
