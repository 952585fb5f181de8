using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Upstreams;
using Tollgate.Identity;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Apis;

/// <summary>Accounts, plans and the control side of the gateway on a real server and database; the data plane's place is taken by a handler that counts.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    public const string Document = """
        { "openapi": "3.0.0", "info": { "title": "Pets", "version": "1", "description": "All about pets.\nMore." },
          "paths": { "/pets": { "get": { "operationId": "listPets", "summary": "All", "tags": ["pets"], "responses": {} }, "post": { "responses": {} } } } }
        """;

    public const string BrokenDocument = """
        { "openapi": "3.0.0", "info": { "title": "Pets", "version": "1" }, "paths": { "/pets": { "get": { "responses": { "200": { "$ref": "#/gone" } } } } } }
        """;

    private int _people;

    public TestDatabase Database { get; private set; } = null!;

    public TestServer Server { get; private set; } = null!;

    internal ServedApis Served { get; } = new();

    internal RecordingStep Step { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Database = await TestDatabase.CreateAsync(IdentityModule.Sql, MeteringModule.Sql, PlansModule.Sql, AdmissionModule.Sql, GatewayModule.Sql);
        Server = await TestServer.StartAsync(Database, (services, configuration) =>
        {
            services.AddIdentity(configuration).AddPlans(configuration);
            services.AddSingleton<UpstreamAddressPolicy>().AddSingleton<UpstreamAddressCheck>();
            GatewayModule.AddApis(services);
            services.AddSingleton<IChangeHandler>(Served).AddSingleton<IApiPublicationStep>(Step);
        }, app =>
        {
            app.MapIdentity();
            ApiEndpoints.Map(app);
        }, settings: new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Identity:RegistersPerHour"] = "1000", ["Gateway:PublicUrl"] = "https://gate.example/", ["Gateway:AllowPrivateUpstreams"] = "false",
        });
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Database.DisposeAsync();
    }

    public async Task<Person> PersonAsync()
    {
        var client = Server.NewClient();
        using var response = await client.PostAsJsonAsync("/auth/register", new { email = $"p{Interlocked.Increment(ref _people)}@example.org", password = "correct horse battery", name = "Pat" });
        var session = await response.Content.ReadFromJsonAsync<JsonElement>();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session.GetProperty("access_token").GetString());
        var organization = session.GetProperty("organization");
        TypeId.TryParse(organization.GetProperty("id").GetString(), "org", out var id).ShouldBeTrue();
        return new Person(client, id, organization.GetProperty("slug").GetString()!);
    }

    internal async Task<IReadOnlyList<ApiRoute>> RoutesAsync(string apiId)
    {
        TypeId.TryParse(apiId, "api", out var id).ShouldBeTrue();
        return await Database.Database.AsWorkerAsync(session => Server.Services.GetRequiredService<IRouteSource>().LoadAsync(session, [id]), CancellationToken.None);
    }
}

public sealed record Person(HttpClient Client, Guid OrganizationId, string Slug)
{
    public static object Plan(string name = "Basic", long amount = 0) => new
    {
        name, price = new { amount, currency = "usd", interval = "month" }, allowances = new[] { new { meter = "requests", amount = 100, window = "month", past = "deny" } },
    };

    public static JsonObject NewApi(string slug, string document = ApiServer.Document) => new()
    {
        ["name"] = "Pets", ["slug"] = slug, ["upstream_url"] = "https://1.1.1.1/base", ["openapi"] = JsonNode.Parse(document), ["tags"] = new JsonArray("Pets", "pets", "cats"),
    };

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, object? body = null, string? idempotencyKey = null) => SendAsync(HttpMethod.Post, path, body, idempotencyKey: idempotencyKey);

    public Task<Answer> PatchAsync(string path, object body, string? ifMatch = null) => SendAsync(HttpMethod.Patch, path, body, ifMatch);

    public async Task<string> ApiAsync(string slug, string document = ApiServer.Document, bool published = false)
    {
        var id = (await PostAsync("/api/apis", NewApi(slug, document))).Is(201).Text("id");
        if (published)
        {
            (await PostAsync($"/api/apis/{id}/plans", Plan())).Is(201);
            (await PostAsync($"/api/apis/{id}/publish")).Is(200);
        }
        return id;
    }

    private async Task<Answer> SendAsync(HttpMethod method, string path, object? body = null, string? ifMatch = null, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var response = await Client.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var json = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
        return new Answer(response.StatusCode, json ? JsonDocument.Parse(bytes).RootElement : default, response.Headers.ETag?.Tag, response.Content.Headers.ContentType?.MediaType, bytes);
    }
}

public sealed record Answer(HttpStatusCode Status, JsonElement Body, string? ETag, string? MediaType, byte[] Bytes)
{
    public Answer Is(int status, string? code = null)
    {
        ((int)Status).ShouldBe(status, System.Text.Encoding.UTF8.GetString(Bytes));
        if (code is not null)
            Text("code").ShouldBe(code);
        return this;
    }

    public string Text(string name) => Body.GetProperty(name).GetString()!;

    public IEnumerable<string> Errors => Body.GetProperty("errors").EnumerateArray().Select(error => $"{error.GetProperty("path")} {error.GetProperty("code")}");
}

/// <summary>What a node has heard of, in place of the data plane.</summary>
internal sealed class ServedApis : IChangeHandler
{
    public System.Collections.Concurrent.ConcurrentDictionary<Guid, int> Changes { get; } = new();

    public IReadOnlyCollection<string> Topics => [IRouteSource.Topic];

    public Task LoadAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task ApplyAsync(IReadOnlyList<Change> changes, CancellationToken cancellation)
    {
        foreach (var change in changes)
            Changes.AddOrUpdate(change.Id, 1, (_, count) => count + 1);
        return Task.CompletedTask;
    }

    public int Of(string apiId) => TypeId.TryParse(apiId, "api", out var id) ? Changes.GetValueOrDefault(id) : 0;
}

/// <summary>Stands for the catalog.</summary>
internal sealed class RecordingStep : IApiPublicationStep
{
    public System.Collections.Concurrent.ConcurrentDictionary<string, PublishedApi?> Listings { get; } = new(StringComparer.Ordinal);

    public string? FailFor { get; set; }

    public Task PublishedAsync(DbSession session, PublishedApi api)
    {
        if (api.Slug == FailFor)
            throw new InvalidOperationException("planted");
        Listings[TypeId.Format("api", api.Id)] = api;
        return Task.CompletedTask;
    }

    public Task UnpublishedAsync(DbSession session, Guid apiId)
    {
        Listings[TypeId.Format("api", apiId)] = null;
        return Task.CompletedTask;
    }
}
