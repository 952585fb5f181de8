using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>
/// Every way in is gone once on a program that logs all that it can, by a person who gets everything wrong first. What was handed out is looked for in its log, as it is for
/// every program and server of the tests when they end (<see cref="RunningProgram"/>, <see cref="TestServer"/>).
/// </summary>
public sealed class LoggedSecretsTests
{
    private const string Email = "logged@example.com";
    private const string Password = "a password of the logged person";
    private const string Next = "another one of the logged person";

    [Fact]
    public async Task NoLog_HoldsACodeATokenALinkOrAPassword()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var program = await RunningProgram.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Logging__LogLevel__Default"] = "Trace", ["Identity__LoginsPerMinute"] = "1000" });
        using var http = RunningProgram.NewClient(program.Control);
        await RegisterAsync(program, http);
        await SignInByMailAsync(program);
        await SignInBySecondFactorAsync(program, http);
        await ResetAsync(program);
        using (var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("month", 10)))
            await SellAsync(program, market);

        // The log is there, of what was right and what was wrong, and what to look for is known.
        foreach (var line in new[] { "POST /auth/login 200", "POST /auth/login 401", "POST /auth/mail-sign-in/code 200", "POST /auth/mail-sign-in/code 401", "POST /auth/second-factor 200", "POST /auth/reset-password 204", "POST /api/tokens 201" })
            program.Output.ShouldContain(line);
        foreach (var kind in new[] { "password", "access_token", "refresh_token", "code", "link", "binding", "challenge", "secret", "recovery_codes", "cookie", "upstream_headers" })
            HandedOut.Kinds.ShouldContain(kind);
        SecretsInLogs.Find(program.Output).ShouldBeNull();
        SecretsInLogs.Find($"{program.Output}\nsigned in with {Next}").ShouldNotBeNull("else nothing would be found in what is so long");
    }

    private static async Task RegisterAsync(RunningProgram program, HttpClient http)
    {
        var session = await Market.PostAsync(http, "/auth/register", new { email = Email, password = Password, name = "Logged" });
        http.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        await program.VerifyEmailAsync(Email, http);
        await StatusAsync(http, "/auth/login", new { email = Email, password = "not the password of anybody" }, 401);
        using var cookies = RunningProgram.NewClient(program.Control);
        cookies.DefaultRequestHeaders.Add("Tollgate-Session", "cookie");
        await Market.PostAsync(cookies, "/auth/login", new { email = Email, password = Password });
        await Market.PostAsync(http, "/auth/refresh", new { refresh_token = session.GetProperty("refresh_token").GetString() });
        await Market.PostAsync(http, "/api/tokens", new { name = "CI", scopes = new[] { "apis:read" } });
    }

    private static async Task SignInByMailAsync(RunningProgram program)
    {
        using var http = RunningProgram.NewClient(program.Control);
        var asked = await Market.PostAsync(http, "/auth/mail-sign-in", new { email = Email });
        var mail = await program.MailAsync(Email, "/sign-in/link#");
        var code = mail.Split('\n').Select(line => line.Trim()).Single(line => line.Length == 9 && line[4] == ' ' && char.IsAsciiDigit(line[0]));
        var (challenge, binding) = (asked.GetProperty("challenge").GetString(), asked.GetProperty("binding").GetString());
        await StatusAsync(http, "/auth/mail-sign-in/code", new { challenge, code = "00000000", binding }, 401);
        await StatusAsync(http, "/auth/mail-sign-in/code", new { challenge, code, binding = "another browser" }, 401);
        await StatusAsync(http, "/auth/mail-sign-in/code", new { challenge, code, binding }, 200);
        await StatusAsync(http, "/auth/mail-sign-in/code", new { challenge, code, binding }, 401);
        asked = await Market.PostAsync(http, "/auth/mail-sign-in", new { email = Email });
        binding = asked.GetProperty("binding").GetString();
        var first = LinkIn(mail);
        string second;
        while ((second = LinkIn(await program.MailAsync(Email, "/sign-in/link#"))) == first)
            await Task.Delay(20);
        await StatusAsync(http, "/auth/mail-sign-in/link", new { token = second, binding = "another browser" }, 401);
        await StatusAsync(http, "/auth/mail-sign-in/link", new { token = second, binding }, 200);
    }

    private static string LinkIn(string mail) => mail.Split("/sign-in/link#")[1].Split('\r', '\n')[0];

    private static async Task SignInBySecondFactorAsync(RunningProgram program, HttpClient http)
    {
        var app = new AuthenticatorApp((await Market.PostAsync(http, "/auth/totp", new { })).GetProperty("secret").GetString()!);
        var codes = (await Market.PostAsync(http, "/auth/totp/confirm", new { code = app.CodeAt(TimeProvider.System.GetUtcNow()) })).GetProperty("recovery_codes");
        using var other = RunningProgram.NewClient(program.Control);
        foreach (var answer in new object[] { new { code = app.CodeAt(TimeProvider.System.GetUtcNow(), 1) }, new { recovery_code = codes[0].GetString() } })
        {
            var challenge = (await Market.PostAsync(other, "/auth/login", new { email = Email, password = Password })).GetProperty("challenge").GetString();
            var members = JsonSerializer.SerializeToElement(answer).EnumerateObject().Append(JsonSerializer.SerializeToElement(new { challenge }).EnumerateObject().Single());
            await StatusAsync(other, "/auth/second-factor", members.ToDictionary(member => member.Name, member => member.Value.GetString()), 200);
            await StatusAsync(other, "/auth/second-factor", members.ToDictionary(member => member.Name, member => member.Value.GetString()), 401);
        }
        await StatusAsync(http, "/auth/password", new { current_password = Password, password = Next }, 204);
    }

    private static async Task ResetAsync(RunningProgram program)
    {
        using var http = RunningProgram.NewClient(program.Control);
        await StatusAsync(http, "/auth/forgot-password", new { email = Email }, 202);
        var token = (await program.MailAsync(Email, "/reset-password#")).Split("/reset-password#")[1].Split('\r', '\n')[0];
        await StatusAsync(http, "/auth/reset-password", new { token, password = "password1" }, 422);
        await StatusAsync(http, "/auth/reset-password", new { token, password = "one more of the logged person" }, 204);
        await StatusAsync(http, "/auth/reset-password", new { token, password = "one more of the logged person" }, 422);
    }

    // Through the gateway, with a right key and a wrong one.
    private static async Task SellAsync(RunningProgram program, Market market)
    {
        using var edit = new HttpRequestMessage(HttpMethod.Patch, $"/api/apis/{market.ApiId}") { Content = JsonContent.Create(new { upstream_headers = new[] { new { name = "X-Upstream-Secret", value = "what-only-the-upstream-knows" } } }) };
        edit.Headers.TryAddWithoutValidation("If-Match", "*");
        using (var edited = await market.Provider.SendAsync(edit))
            edited.StatusCode.ShouldBe(HttpStatusCode.OK, await edited.Content.ReadAsStringAsync());
        await Market.GetAsync(market.Provider, $"/api/apis/{market.ApiId}/signing-secret");
        using var http = RunningProgram.NewClient(program.Gateway);
        using (await http.SendAsync(market.Call("/small")))
        using (var wrong = market.Call("/small"))
        {
            wrong.Headers.Remove("x-api-key");
            wrong.Headers.Add("x-api-key", market.Key[..^1] + (market.Key[^1] == '0' ? '1' : '0'));
            using var refused = await http.SendAsync(wrong);
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }
        await StatusAsync(market.Consumer, "/api/keys/leaked", new[] { new { token = market.Key, type = "tollgate_key", url = "https://example.com/paste", source = "content" } }, 202);
    }

    private static async Task StatusAsync(HttpClient http, string path, object body, int status)
    {
        using var response = await http.PostAsJsonAsync(path, body);
        ((int)response.StatusCode).ShouldBe(status, $"{path}: {await response.Content.ReadAsStringAsync()}");
    }
}
