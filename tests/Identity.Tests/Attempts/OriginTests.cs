using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Identity.Attempts;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Attempts;

/// <summary>Whoever has a network of IPv6 has thousands of smaller ones: as a stranger it is one.</summary>
public sealed class OriginTests : IAsyncLifetime
{
    private const string Home = "2001:db8:77:1::5";

    private readonly SentMails _mails = new();
    private TestDatabase? _database;
    private TestServer? _server;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(IdentityModule.Sql);
        // The test is the proxy, and says from where each request comes.
        _server = await TestServer.StartAsync(_database, (services, configuration) => services.AddIdentity(configuration).AddSingleton<IAccountMailer>(_mails), app => app.MapIdentity(), new ManualClock(TimeProvider.System.GetUtcNow()),
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["Proxy:Trusted"] = "127.0.0.1" });
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        await _database!.DisposeAsync();
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7/32", "192.0.2.7/32")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48")]
    [InlineData(null, "0.0.0.0/32", "0.0.0.0/32")]
    public void Networks_AreThese(string? address, string network, string site)
    {
        var origin = new AttemptOrigin(null, address is null ? null : IPAddress.Parse(address));
        (origin.Network, origin.Site).ShouldBe((network, site));
    }

    [Fact]
    public async Task Mails_ThatStrangersOfOneSiteAskFor_AreFive_AndLeaveTheRestToOthers()
    {
        await RegisterAsync("mailed@example.com");
        for (var i = 0; i < 8; i++)
            await StatusAsync("/auth/mail-sign-in", new { email = "mailed@example.com" }, $"2001:db8:1:{i:x}::1", 202);
        Sent("mailed@example.com").ShouldBe(5);
        await StatusAsync("/auth/mail-sign-in", new { email = "mailed@example.com" }, "2001:db8:2::1", 202);
        Sent("mailed@example.com").ShouldBe(6);
    }

    [Fact]
    public async Task Guesses_OfStrangersOfOneSite_AreTen_AndNobodyBesideThemIsHeld()
    {
        await RegisterAsync("guessed@example.com");
        var wrong = new { email = "guessed@example.com", password = "not the right one" };
        for (var i = 0; i < 10; i++)
            await StatusAsync("/auth/login", wrong, $"2001:db8:77:{i + 16:x}::1", 401);
        await StatusAsync("/auth/login", wrong, "2001:db8:77:ffff::1", 429);
        await StatusAsync("/auth/login", wrong, "2001:db8:78::1", 401);
        // The network that the account knows is of the same site, and is counted by itself.
        await StatusAsync("/auth/login", new { email = "guessed@example.com", password = IdentityServer.Password }, Home, 200);
    }

    private int Sent(string email) => _mails.To(email).Count(mail => mail.Kind == AccountMailKind.SignIn && !mail.IsDecoy);

    private Task RegisterAsync(string email) => StatusAsync("/auth/register", new { email, password = IdentityServer.Password, name = "Ada" }, Home, 201);

    private async Task StatusAsync(string path, object body, string from, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Forwarded-For", from);
        using var response = await _server!.Client.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(status, await response.Content.ReadAsStringAsync());
    }
}
