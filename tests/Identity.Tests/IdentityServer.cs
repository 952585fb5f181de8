using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests;

/// <summary>The identity module alone on a fresh database; one for each test class.</summary>
public sealed class IdentityServer : IAsyncLifetime
{
    public const string Password = "correct horse battery staple";

    public TestDatabase Database { get; private set; } = null!;

    public TestServer Server { get; private set; } = null!;

    public ManualClock Clock { get; } = new(TimeProvider.System.GetUtcNow());

    internal SentMails Mails { get; } = new();

    public HttpClient Client => Server.Client;

    public async ValueTask InitializeAsync()
    {
        Database = await TestDatabase.CreateAsync(IdentityModule.Sql);
        Server = await TestServer.StartAsync(Database, (services, configuration) => services.AddIdentity(configuration).AddSingleton<IAccountMailer>(Mails), app => app.MapIdentity(), Clock,
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["Identity:RegistersPerHour"] = "100", ["Identity:LoginsPerMinute"] = "1000", ["Identity:MailsPerHour"] = "1000" });
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Database.DisposeAsync();
    }

    public async Task<JsonElement> RegisterAsync(string email, string name = "Ada Lovelace")
    {
        using var response = await Client.PostAsJsonAsync("/auth/register", new { email, password = Password, name });
        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public Task<HttpResponseMessage> GetAsync(string path, string accessToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new("Bearer", accessToken);
        return Client.SendAsync(request);
    }

    /// <summary>A request of a client that is signed in by <paramref name="accessToken"/>, or by nothing.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null, string? accessToken = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (accessToken is not null)
            request.Headers.Authorization = new("Bearer", accessToken);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Client.SendAsync(request);
    }

    public Task<HttpResponseMessage> PostAsync(string path, object body, string? accessToken = null, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, path, body, accessToken, headers);

    /// <summary>The body of an answer that must have this status.</summary>
    public static async Task<JsonElement> BodyAsync(Task<HttpResponseMessage> answering, int status = 200)
    {
        using var response = await answering;
        var body = await response.Content.ReadAsStringAsync();
        ((int)response.StatusCode).ShouldBe(status, body);
        return body.Length == 0 ? default : JsonDocument.Parse(body).RootElement;
    }

    public static async Task RefusedAsync(Task<HttpResponseMessage> answering, int status, string code)
    {
        using var response = await answering;
        await ProblemAsync(response, status, code);
    }

    public Task<HttpResponseMessage> RefreshAsync(string refreshToken) => Client.PostAsJsonAsync("/auth/refresh", new { refresh_token = refreshToken });

    public static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, int status, string code)
    {
        var body = await response.Content.ReadAsStringAsync();
        ((int)response.StatusCode).ShouldBe(status, body);
        response.Content.Headers.ContentType?.MediaType.ShouldBe(Problems.ContentType);
        var problem = JsonDocument.Parse(body).RootElement;
        problem.GetProperty("code").GetString().ShouldBe(code);
        problem.GetProperty("request_id").GetString().ShouldBe(response.Headers.GetValues(RequestId.Header).Single());
        return problem;
    }
}
