using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Attempts;

/// <summary>Mails to an address are limited, and strangers use up nobody else's.</summary>
public sealed class MailLimitTests : IAsyncLifetime
{
    private const string Home = "192.0.2.1";

    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());
    private readonly SentMails _mails = new();
    private TestDatabase? _database;
    private TestServer? _server;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(IdentityModule.Sql);
        // The test is the proxy, and says from where each request comes.
        _server = await TestServer.StartAsync(_database, (services, configuration) => services.AddIdentity(configuration).AddSingleton<IAccountMailer>(_mails), app => app.MapIdentity(), _clock,
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Proxy:Trusted"] = "127.0.0.1",
                ["Identity:RegistersPerHour"] = "1000",
                ["Identity:LoginsPerMinute"] = "100000",
                ["Identity:MailsPerHour"] = "100000",
            });
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        await _database!.DisposeAsync();
    }

    [Theory]
    [InlineData("/auth/mail-sign-in", AccountMailKind.SignIn)]
    [InlineData("/auth/forgot-password", AccountMailKind.ResetPassword)]
    public async Task Victim_WhileAStrangerAsksTooOften_IsMailedFromElsewhere(string path, AccountMailKind kind)
    {
        await RegisterAsync("victim@example.com", Home);
        for (var i = 0; i < 9; i++)
            await AskAsync(path, "victim@example.com", "203.0.113.9");
        Sent(kind, "victim@example.com").ShouldBe(5);
        await AskAsync(path, "victim@example.com", "198.51.100.4");
        Sent(kind, "victim@example.com").ShouldBe(6);
    }

    [Theory]
    [InlineData("/auth/mail-sign-in", AccountMailKind.SignIn)]
    [InlineData("/auth/forgot-password", AccountMailKind.ResetPassword)]
    public async Task Mailbox_AskedForFromEverywhere_GetsThirtyAnHour_AndItsOwnerHisOwn(string path, AccountMailKind kind)
    {
        await ProvedAsync("star@example.com");
        for (var i = 0; i < 60; i++)
            await AskAsync(path, "star@example.com", $"203.0.113.{i}");
        Sent(kind, "star@example.com").ShouldBe(30);
        // From where the account has signed in before, it goes on.
        await AskAsync(path, "star@example.com", Home);
        Sent(kind, "star@example.com").ShouldBe(31);
        _clock.Advance(TimeSpan.FromHours(1));
        await AskAsync(path, "star@example.com", "203.0.113.200");
        Sent(kind, "star@example.com").ShouldBe(32);
    }

    [Fact]
    public async Task Mails_ManyAtOnce_AreNoMoreThanFive()
    {
        await RegisterAsync("parallel@example.com", Home);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskAsync("/auth/forgot-password", "parallel@example.com", "203.0.113.77")));
        Sent(AccountMailKind.ResetPassword, "parallel@example.com").ShouldBe(5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Owner_WhoWasHere_IsNotHeldByWhatStrangersAskedFor(bool byReset)
    {
        await ProvedAsync("cleared@example.com");
        await AskAsync("/auth/forgot-password", "cleared@example.com", Home);
        var reset = SentMails.TokenOf(_mails.Newest(AccountMailKind.ResetPassword, "cleared@example.com"));
        for (var i = 0; i < 40; i++)
            await AskAsync("/auth/mail-sign-in", "cleared@example.com", $"203.0.113.{i}");
        var before = Sent(AccountMailKind.SignIn, "cleared@example.com");
        await AskAsync("/auth/mail-sign-in", "cleared@example.com", "198.51.100.1");
        Sent(AccountMailKind.SignIn, "cleared@example.com").ShouldBe(before);
        using (var done = byReset
            ? await SendAsync("/auth/reset-password", new { token = reset, password = "a wholly different sentence" }, "198.51.100.2")
            : await SendAsync("/auth/login", new { email = "cleared@example.com", password = IdentityServer.Password }, "198.51.100.2"))
            ((int)done.StatusCode).ShouldBe(byReset ? 204 : 200);
        await AskAsync("/auth/mail-sign-in", "cleared@example.com", "198.51.100.1");
        Sent(AccountMailKind.SignIn, "cleared@example.com").ShouldBe(before + 1);
    }

    /// <summary>Whoever registers another's address signs in as often as they like, and must not open the mailbox to a flood by it.</summary>
    [Fact]
    public async Task Stranger_WhoRegisteredTheAddress_FloodsItByNoSignIn()
    {
        await RegisterAsync("foreign@example.com", "203.0.113.1");
        for (var i = 0; i < 50; i++)
        {
            await AskAsync("/auth/forgot-password", "foreign@example.com", $"203.0.113.{i}");
            using var login = await SendAsync("/auth/login", new { email = "foreign@example.com", password = IdentityServer.Password }, $"203.0.113.{i}");
            ((int)login.StatusCode).ShouldBe(200);
        }
        Sent(AccountMailKind.ResetPassword, "foreign@example.com").ShouldBe(30);
    }

    [Fact]
    public async Task Stranger_WhoRegisteredTheAddress_FloodsItByNoNews()
    {
        var token = await RegisterAsync("made@example.com", "203.0.113.1");
        for (var i = 0; i < 25; i++)
        {
            using var made = await SendAsync("/api/tokens", new { name = "buy cheap watches", scopes = new[] { "apis:read" } }, "203.0.113.1", token);
            ((int)made.StatusCode).ShouldBe(201);
        }
        Sent(AccountMailKind.SecurityChanged, "made@example.com").ShouldBe(0);
        for (var i = 0; i < 25; i++)
        {
            using var deleted = await SendAsync("/me/delete", new { email = "again@example.com" }, "203.0.113.1", await RegisterAsync("again@example.com", "203.0.113.1"));
            ((int)deleted.StatusCode).ShouldBe(204);
        }
        Sent(AccountMailKind.AccountDeleted, "again@example.com").ShouldBe(20);
        var other = await RegisterAsync("often@example.com", "203.0.113.1");
        string[] passwords = [IdentityServer.Password, "an other horse staples it"];
        for (var i = 0; i < 22; i++)
        {
            using var changed = await SendAsync("/auth/password", new { current_password = passwords[i % 2], password = passwords[(i + 1) % 2] }, "203.0.113.1", other);
            ((int)changed.StatusCode).ShouldBeLessThan(300);
        }
        Sent(AccountMailKind.PasswordChanged, "often@example.com").ShouldBe(20);
    }

    [Fact]
    public async Task NewAddress_AskedForByOthersTooOften_CanStillBeConfirmedByAnother()
    {
        foreach (var (email, from) in new[] { ("taker@example.com", "203.0.113.50"), ("owner@example.com", Home) })
        {
            var token = await RegisterAsync(email, from);
            for (var i = 0; i < 5; i++)
            {
                using var asked = await SendAsync("/auth/email", new { email = i == 0 || email == "taker@example.com" ? "wanted@example.com" : $"other-{i}@example.com" }, from, token);
                ((int)asked.StatusCode).ShouldBe(202, $"{email}, change {i}");
            }
            using var sixth = await SendAsync("/auth/email", new { email = "not-asked-for-yet@example.com" }, from, token);
            await IdentityServer.ProblemAsync(sixth, 429, "TOO_MANY_MAILS");
        }
        Sent(AccountMailKind.ConfirmNewEmail, "wanted@example.com").ShouldBe(6);
        Sent(AccountMailKind.ConfirmNewEmail, "not-asked-for-yet@example.com").ShouldBe(0);
        Sent(AccountMailKind.EmailChangeAsked, "owner@example.com").ShouldBe(5, "an account sends itself no flood of news either");
    }

    [Fact]
    public async Task Refused_AddressWithoutAccount_IsAnsweredAlike()
    {
        await RegisterAsync("there@example.com", Home);
        var answers = new List<string>();
        foreach (var email in new[] { "there@example.com", "nowhere@example.com" })
            for (var i = 0; i < 7; i++)
            {
                using var asked = await SendAsync("/auth/mail-sign-in", new { email }, "203.0.113.90");
                answers.Add($"{i} {(int)asked.StatusCode} {string.Join(',', JsonDocument.Parse(await asked.Content.ReadAsStringAsync()).RootElement.EnumerateObject().Select(member => member.Name))}");
            }
        answers.Take(7).ShouldBe(answers.Skip(7));
    }

    private int Sent(AccountMailKind kind, string email) => _mails.To(email).Count(mail => mail.Kind == kind && !mail.IsDecoy);

    private async Task AskAsync(string path, string email, string from)
    {
        using var asked = await SendAsync(path, new { email }, from);
        ((int)asked.StatusCode).ShouldBe(202);
    }

    private async Task<string> RegisterAsync(string email, string from)
    {
        using var response = await SendAsync("/auth/register", new { email, password = IdentityServer.Password, name = "Ada" }, from);
        ((int)response.StatusCode).ShouldBe(201);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("access_token").GetString()!;
    }

    private async Task ProvedAsync(string email)
    {
        var token = await RegisterAsync(email, Home);
        using var proved = await SendAsync("/auth/verify-email", new { token = SentMails.TokenOf(_mails.Newest(AccountMailKind.VerifyEmail, email)) }, Home, token);
        ((int)proved.StatusCode).ShouldBe(204);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, object body, string from, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Forwarded-For", from);
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        return await _server!.Client.SendAsync(request);
    }
}
