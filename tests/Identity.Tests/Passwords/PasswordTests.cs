using System.Text.Json;
using Tollgate.Identity.Passwords;

namespace Tollgate.Identity.Tests.Passwords;

public sealed class PasswordTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    private const string Next = "a wholly different sentence";

    [Theory]
    [InlineData("password1", "PASSWORD_COMMON")]
    [InlineData("PassWord1", "PASSWORD_COMMON")]
    [InlineData("qwertyuiop", "PASSWORD_COMMON")]
    [InlineData("1q2w3e4r5t", "PASSWORD_COMMON")]
    [InlineData("tollgate2026", "PASSWORD_GUESSABLE")]
    [InlineData("Lovelace-Ada!", "PASSWORD_GUESSABLE")]
    [InlineData("analytical.engine", "PASSWORD_GUESSABLE")]
    [InlineData("analytical engine of brass", null)]
    [InlineData("aaaaaaaZ", null)]
    [InlineData("correct horse battery staple", null)]
    public void Policy_RefusesWhatIsGuessedFirst(string password, string? code) =>
        PasswordPolicy.Refusal("password", password, "analytical@engine.example", "Ada Lovelace")?.Errors![0].Code.ShouldBe(code);

    [Fact]
    public void List_HoldsTheMostUsedOfEightCharactersAndMore()
    {
        foreach (var password in new[] { "password", "12345678", "123456789", "baseball", "football", "superman", "trustno1", "sunshine", "iloveyou", "starwars", "computer", "princess", "11111111", "1qaz2wsx" })
            CommonPasswords.Contains(password).ShouldBeTrue(password);
        // Passwords that nobody has: by mistake one in 20,000 is refused.
        Enumerable.Range(0, 2000).Count(i => CommonPasswords.Contains($"kVbq-{i}-nobody has this-{i * 7919}")).ShouldBeLessThan(5);
    }

    [Fact]
    public async Task Register_CommonPassword_IsAFieldError()
    {
        using var response = await identity.PostAsync("/auth/register", new { email = "common@example.com", password = "password1", name = "Ada" });
        var problem = await IdentityServer.ProblemAsync(response, 422, "VALIDATION_FAILED");
        problem.GetProperty("errors")[0].GetProperty("code").GetString().ShouldBe("PASSWORD_COMMON");
    }

    [Fact]
    public async Task Change_WithTheCurrentOne_EndsAllOtherSessionsAndTells()
    {
        var mine = await identity.RegisterAsync("change@example.com");
        var other = await LoginAsync("change@example.com", IdentityServer.Password);
        var token = IdentityServer.Text(mine, "access_token");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/password", new { current_password = "wrong", password = Next }, token), 422, "VALIDATION_FAILED");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/password", new { current_password = IdentityServer.Password, password = Next }, token), 204);
        await IdentityServer.BodyAsync(identity.GetAsync("/me", token));
        await IdentityServer.RefusedAsync(identity.GetAsync("/me", IdentityServer.Text(other, "access_token")), 401, "UNAUTHENTICATED");
        await IdentityServer.RefusedAsync(identity.RefreshAsync(IdentityServer.Text(other, "refresh_token")), 401, "REFRESH_TOKEN_INVALID");
        identity.Mails.Newest(AccountMailKind.PasswordChanged, "change@example.com");
        await LoginAsync("change@example.com", Next);
    }

    [Fact]
    public async Task Reset_ByTheLink_EndsAllSessionsAndSignsNobodyIn()
    {
        var mine = await identity.RegisterAsync("reset@example.com");
        var token = await ResetTokenAsync("reset@example.com");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/reset-password", new { token, password = "password1" }), 422, "VALIDATION_FAILED");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/reset-password", new { token, password = Next }), 204);
        await IdentityServer.RefusedAsync(identity.GetAsync("/me", IdentityServer.Text(mine, "access_token")), 401, "UNAUTHENTICATED");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/reset-password", new { token, password = "yet another sentence" }), 422, "RESET_LINK_INVALID");
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/login", new { email = "reset@example.com", password = IdentityServer.Password }), 401, "INVALID_CREDENTIALS");
        (await LoginAsync("reset@example.com", Next)).GetProperty("account").GetProperty("email_verified").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Reset_ElevenMinutesLater_IsRefused()
    {
        await identity.RegisterAsync("late@example.com");
        var token = await ResetTokenAsync("late@example.com");
        identity.Clock.Advance(TimeSpan.FromMinutes(11));
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/reset-password", new { token, password = Next }), 422, "RESET_LINK_INVALID");
    }

    [Fact]
    public async Task Reset_OfALinkFromBeforeThePasswordChanged_IsRefused()
    {
        var mine = await identity.RegisterAsync("two-links@example.com");
        var first = await ResetTokenAsync("two-links@example.com");
        var second = await ResetTokenAsync("two-links@example.com");
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/reset-password", new { token = second, password = Next }), 204);
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/reset-password", new { token = first, password = "yet another sentence" }), 422, "RESET_LINK_INVALID");
    }

    [Fact]
    public async Task Reset_ManyUsesAtOnce_OneWins()
    {
        await identity.RegisterAsync("race-reset@example.com");
        var token = await ResetTokenAsync("race-reset@example.com");
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => identity.PostAsync("/auth/reset-password", new { token, password = Next })));
        answers.Count(answer => (int)answer.StatusCode == 204).ShouldBe(1);
    }

    private async Task<string> ResetTokenAsync(string email)
    {
        await IdentityServer.BodyAsync(identity.PostAsync("/auth/forgot-password", new { email }), 202);
        return SentMails.TokenOf(identity.Mails.Newest(AccountMailKind.ResetPassword, email));
    }

    private Task<JsonElement> LoginAsync(string email, string password) => IdentityServer.BodyAsync(identity.PostAsync("/auth/login", new { email, password }));
}
