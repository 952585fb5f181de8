using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Apis;

/// <summary>The control API up to this module on a fresh database, with somebody signed in; one for each test class.</summary>
public sealed class ControlServer : IAsyncLifetime
{
    private TestDatabase? _database;
    private int _count;

    public TestServer Server { get; private set; } = null!;

    public string Token { get; private set; } = "";

    public TestDatabase Database => _database!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(IdentityModule.Sql, MeteringModule.Sql, PlansModule.Sql, AdmissionModule.Sql, GatewayModule.Sql);
        Server = await TestServer.StartAsync(_database, (services, configuration) =>
        {
            services.AddIdentity(configuration).AddMetering(configuration).AddPlans(configuration).AddAdmission(configuration).AddGateway(configuration);
            // A test may hold a body back for as long as it likes.
            services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MinRequestBodyDataRate = null);
        }, app =>
        {
            app.MapIdentity();
            app.MapAdmission();
            app.MapGateway();
        }, settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["Tollgate:Roles"] = "control", ["Gateway:AllowPrivateUpstreams"] = "true" });
        using var response = await Server.Client.PostAsJsonAsync("/auth/register", new { email = "ada@example.com", password = "correct horse battery staple", name = "Ada" });
        Token = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
            await Server.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    public async Task<(int Status, JsonElement Body, HttpResponseMessage Response)> SendAsync(HttpMethod method, string path, object? body = null, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body as HttpContent ?? (body is null ? null : new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json")) };
        request.Headers.Authorization = new("Bearer", Token);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        var response = await Server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement, response);
    }

    /// <summary>An API of one operation, as a draft.</summary>
    public async Task<JsonElement> CreateAsync(string? slug = null)
    {
        slug ??= $"api-{Interlocked.Increment(ref _count)}";
        var (status, api, _) = await SendAsync(HttpMethod.Post, "/api/apis", new { name = slug, slug, upstream_url = "http://127.0.0.1:9", openapi = Document });
        status.ShouldBe(201, api.ToString());
        return api;
    }

    public static object Document { get; } = new
    {
        openapi = "3.1.0",
        info = new { title = "Moons", version = "1" },
        paths = new Dictionary<string, object>(StringComparer.Ordinal) { ["/moons"] = new { get = new { responses = new Dictionary<string, object>(StringComparer.Ordinal) { ["200"] = new { description = "ok" } } } } },
    };
}
