using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Attempts;

/// <summary>Guessing is limited, and guesses of strangers keep nobody out.</summary>
public sealed class LockoutTests(LockoutTests.Proxied world) : IClassFixture<LockoutTests.Proxied>
{
    [Fact]
    public async Task Source_GuessingTenTimes_IsRefusedForAQuarterOfAnHour_EvenWithTheRightPassword()
    {
        await RegisterAsync("victim@example.com", "192.0.2.1");
        for (var i = 0; i < 10; i++)
            (await LoginAsync("victim@example.com", "a wrong password", "203.0.113.5")).Status.ShouldBe(401);
        (await LoginAsync("victim@example.com", IdentityServer.Password, "203.0.113.5")).Status.ShouldBe(429);
        world.Clock.Advance(TimeSpan.FromMinutes(15));
        (await LoginAsync("victim@example.com", IdentityServer.Password, "203.0.113.5")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Victim_WhileStrangersGuessFromEverywhere_SignsInFromKnownPlacesAndByMail()
    {
        await RegisterAsync("star@example.com", "192.0.2.7");
        var device = (await LoginAsync("star@example.com", IdentityServer.Password, "192.0.2.7", cookies: true)).Device!;
        for (var i = 0; i < 120; i++)
            await LoginAsync("star@example.com", "a wrong password", $"203.0.113.{i}");
        // Somebody who was never here is held up by what others did…
        (await LoginAsync("star@example.com", IdentityServer.Password, "198.51.100.1")).Status.ShouldBe(429);
        // …but not the network that the account has signed in from, nor its browser, wherever that is now.
        (await LoginAsync("star@example.com", IdentityServer.Password, "192.0.2.7")).Status.ShouldBe(200);
        (await LoginAsync("star@example.com", IdentityServer.Password, "198.51.100.99", device: device)).Status.ShouldBe(200);
        // Nor anybody who reads the account's mail: this is not counted with passwords.
        using var asked = await SendAsync("/auth/mail-sign-in", new { email = "star@example.com" }, "198.51.100.2");
        ((int)asked.StatusCode).ShouldBe(202);
    }

    [Fact]
    public async Task Browser_OfAnotherAccount_IsNoKnownOne()
    {
        await RegisterAsync("one@example.com", "192.0.2.20");
        await RegisterAsync("two@example.com", "192.0.2.21");
        var device = (await LoginAsync("two@example.com", IdentityServer.Password, "192.0.2.21", cookies: true)).Device!;
        for (var i = 0; i < 10; i++)
            await LoginAsync("one@example.com", "a wrong password", "203.0.113.50", device: device);
        (await LoginAsync("one@example.com", IdentityServer.Password, "203.0.113.50", device: device)).Status.ShouldBe(429);
    }

    [Fact]
    public async Task Guesses_AtAnAddressWithoutAccount_AreRefusedAlike()
    {
        for (var i = 0; i < 10; i++)
            (await LoginAsync("nobody@example.com", "a wrong password", "203.0.113.77")).Status.ShouldBe(401);
        (await LoginAsync("nobody@example.com", "a wrong password", "203.0.113.77")).Status.ShouldBe(429);
    }

    [Fact]
    public async Task Guesses_ManyAtOnce_AreNoMoreThanTen()
    {
        await RegisterAsync("parallel@example.com", "192.0.2.30");
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => LoginAsync("parallel@example.com", "a wrong password", "203.0.113.90")));
        answers.Count(answer => answer.Status == 401).ShouldBe(10);
        answers.Count(answer => answer.Status == 429).ShouldBe(20);
    }

    private async Task RegisterAsync(string email, string from)
    {
        using var response = await SendAsync("/auth/register", new { email, password = IdentityServer.Password, name = "Ada" }, from);
        ((int)response.StatusCode).ShouldBe(201);
    }

    private async Task<(int Status, string? Device)> LoginAsync(string email, string password, string from, bool cookies = false, string? device = null)
    {
        using var response = await SendAsync("/auth/login", new { email, password }, from, cookies, device);
        var set = response.Headers.TryGetValues("Set-Cookie", out var all) ? all.FirstOrDefault(c => c.StartsWith("tg_device=", StringComparison.Ordinal)) : null;
        return ((int)response.StatusCode, set?.Split(';')[0]);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, object body, string from, bool cookies = false, string? device = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Forwarded-For", from);
        if (cookies)
            request.Headers.Add("Tollgate-Session", "cookie");
        if (device is not null)
            request.Headers.Add("Cookie", device);
        return await world.Server.Client.SendAsync(request);
    }

    /// <summary>One for all tests: each guesses at accounts of its own.</summary>
    public sealed class Proxied : IAsyncLifetime
    {
        private TestDatabase? _database;

        public ManualClock Clock { get; } = new(TimeProvider.System.GetUtcNow());

        public TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _database = await TestDatabase.CreateAsync(IdentityModule.Sql);
            // The test is the proxy, and says from where each request comes.
            Server = await TestServer.StartAsync(_database, (services, configuration) => services.AddIdentity(configuration), app => app.MapIdentity(), Clock,
                new Dictionary<string, string?>(StringComparer.Ordinal) { ["Proxy:Trusted"] = "127.0.0.1", ["Identity:RegistersPerHour"] = "1000", ["Identity:LoginsPerMinute"] = "100000" });
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await _database!.DisposeAsync();
        }
    }
}
