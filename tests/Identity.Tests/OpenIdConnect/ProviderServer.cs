using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.OpenIdConnect;

/// <summary>The identity module with one outside provider.</summary>
public sealed class ProviderServer : IAsyncLifetime
{
    public FakeOidcProvider Provider { get; private set; } = null!;

    public TestDatabase Database { get; private set; } = null!;

    public TestServer Server { get; private set; } = null!;

    public ManualClock Clock { get; } = new(TimeProvider.System.GetUtcNow());

    internal SentMails Mails { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Provider = await FakeOidcProvider.StartAsync();
        Database = await TestDatabase.CreateAsync(IdentityModule.Sql);
        Server = await TestServer.StartAsync(Database, (services, configuration) => services.AddIdentity(configuration).AddSingleton<IAccountMailer>(Mails), app => app.MapIdentity(), Clock,
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Identity:LoginsPerMinute"] = "1000",
                ["Identity:Providers:acme:Issuer"] = Provider.Issuer,
                ["Identity:Providers:acme:Name"] = "Acme",
                ["Identity:Providers:acme:ClientId"] = FakeOidcProvider.ClientId,
                ["Identity:Providers:acme:ClientSecret"] = FakeOidcProvider.ClientSecret,
                ["Identity:Providers:gone:Issuer"] = "http://127.0.0.1:1",
                ["Identity:Providers:gone:ClientId"] = "x",
                ["Identity:Providers:gone:ClientSecret"] = "y",
            });
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Database.DisposeAsync();
        await Provider.DisposeAsync();
    }

    public Browser NewBrowser() => new(this);
}

/// <summary>Keeps cookies by path as a browser does, follows the provider, and tells where it ends.</summary>
public sealed class Browser(ProviderServer world)
{
    private readonly Dictionary<string, string> _cookies = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Cookies => _cookies;

    /// <summary>The Set-Cookie line of the binding.</summary>
    public string Binding { get; private set; } = "";

    public async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var response = await RawAsync(method, path, body);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    /// <summary>The address at which the provider would send it back.</summary>
    public async Task<Uri> ToProviderAsync(string path = "/auth/providers/acme/sign-in", string? next = null)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, path, new { next });
        status.ShouldBe(200, body.ToString());
        using var plain = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var agreed = await plain.GetAsync(new Uri(body.GetProperty("url").GetString()!));
        ((int)agreed.StatusCode).ShouldBe(302, await agreed.Content.ReadAsStringAsync());
        return agreed.Headers.Location!;
    }

    /// <summary>Where the callback leads on to.</summary>
    public async Task<string> ReturnAsync(Uri callback)
    {
        using var response = await RawAsync(HttpMethod.Get, callback.PathAndQuery, null);
        ((int)response.StatusCode).ShouldBe(303, await response.Content.ReadAsStringAsync());
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        return response.Headers.Location!.OriginalString;
    }

    public async Task<string> SignInAsync(string? next = null) => await ReturnAsync(await ToProviderAsync(next: next));

    private async Task<HttpResponseMessage> RawAsync(HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (_cookies.Count > 0)
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", _cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        if (_cookies.TryGetValue("tg_csrf", out var csrf))
            request.Headers.TryAddWithoutValidation("X-CSRF-Token", Uri.UnescapeDataString(csrf));
        if (method != HttpMethod.Get)
            request.Headers.TryAddWithoutValidation("Tollgate-Session", "cookie");
        var response = await world.Server.Client.SendAsync(request);
        foreach (var line in response.Headers.TryGetValues("Set-Cookie", out var lines) ? lines : [])
            Keep(line);
        return response;
    }

    private void Keep(string line)
    {
        var (name, value) = (line.Split('=')[0], line.Split(';')[0][(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        if (value.Length == 0)
            _cookies.Remove(name);
        else
            _cookies[name] = value;
        if (name == "tg_provider" && value.Length > 0)
            Binding = line;
    }
}
