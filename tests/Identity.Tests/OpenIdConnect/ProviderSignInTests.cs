using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.OpenIdConnect;

public sealed class ProviderSignInTests(ProviderServer world) : IClassFixture<ProviderServer>
{
    [Fact]
    public async Task List_NamesProvidersWithoutTheirSecrets()
    {
        var (status, body) = await world.NewBrowser().SendAsync(HttpMethod.Get, "/auth/providers");
        status.ShouldBe(200);
        body.ToString().ShouldNotContain(FakeOidcProvider.ClientSecret);
        body.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("id").GetString()).ShouldBe(["acme", "gone"], ignoreOrder: true);
    }

    [Fact]
    public async Task SomebodyNew_GetsAnAccountWithAProvedAddress_AndIsTheSameNextTime()
    {
        world.Provider.Is("new-1", "Grace@example.com");
        var first = world.NewBrowser();
        (await first.SignInAsync("/usage?by=hour")).ShouldBe("/usage?by=hour");
        var account = await MeAsync(first);
        account.Email.ShouldBe("grace@example.com");
        account.Verified.ShouldBeTrue();
        // The address is another's by now: the subject is the person.
        world.Provider.Is("new-1", "grace.h@example.com");
        var second = world.NewBrowser();
        (await second.SignInAsync()).ShouldBe("/");
        (await MeAsync(second)).ShouldBe(account);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("\\\\evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("/usage?of=jürgen")]
    [InlineData("/ ")]
    [InlineData("/a\r\nSet-Cookie: x=y")]
    [InlineData("/a\u007f")]
    public async Task Next_ThatIsNoPlainPathOfThePortal_IsRefused(string next)
    {
        var (status, body) = await world.NewBrowser().SendAsync(HttpMethod.Post, "/auth/providers/acme/sign-in", new { next });
        (status, body.GetProperty("errors")[0].GetProperty("path").GetString()).ShouldBe((422, "next"));
    }

    [Fact]
    public async Task Binding_IsKeptFromScriptsAndComesBackFromAnotherSite()
    {
        var browser = world.NewBrowser();
        await browser.ToProviderAsync();
        browser.Binding.ShouldContain("httponly");
        browser.Binding.ShouldContain("samesite=lax");
        browser.Binding.ShouldContain("path=/auth/providers");
    }

    [Fact]
    public async Task AnAddressWithAnAccount_IsNotTakenOver()
    {
        var owner = await RegisterAsync("owner@example.com");
        world.Provider.Is("thief", "owner@example.com");
        var browser = world.NewBrowser();
        (await browser.SignInAsync()).ShouldBe("/sign-in?problem=PROVIDER_ACCOUNT_EXISTS");
        browser.Cookies.Keys.ShouldNotContain("tg_access");
        (await owner.SendAsync(HttpMethod.Get, "/auth/identities")).Body.GetProperty("data").GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData(false, "unproved@example.com")]
    [InlineData(true, null)]
    [InlineData(true, "no address")]
    public async Task AnAddressThatIsNotProved_MakesNoAccount(bool verified, string? email)
    {
        world.Provider.Is($"unproved-{email}", email, verified);
        (await world.NewBrowser().SignInAsync()).ShouldBe("/sign-in?problem=PROVIDER_EMAIL_UNVERIFIED");
    }

    [Fact]
    public async Task Connected_SignsIn_DisconnectedDoesNot()
    {
        var owner = await RegisterAsync("both@example.com");
        world.Provider.Is("both", "elsewhere@example.com");
        (await owner.ReturnAsync(await owner.ToProviderAsync("/auth/providers/acme/connect"))).ShouldBe("/account");
        world.Mails.To("both@example.com").ShouldContain(mail => mail.Kind == AccountMailKind.SecurityChanged);
        var there = world.NewBrowser();
        await there.SignInAsync();
        (await MeAsync(there)).Email.ShouldBe("both@example.com");

        var identity = (await owner.SendAsync(HttpMethod.Get, "/auth/identities")).Body.GetProperty("data")[0];
        identity.GetProperty("name").GetString().ShouldBe("Acme");
        var path = $"/auth/identities/{identity.GetProperty("id").GetString()}";
        var stranger = await RegisterAsync("stranger@example.com");
        (await stranger.SendAsync(HttpMethod.Delete, path)).Status.ShouldBe(404);
        (await owner.SendAsync(HttpMethod.Delete, path)).Status.ShouldBe(204);
        var later = world.NewBrowser();
        await later.SignInAsync();
        (await MeAsync(later)).Email.ShouldBe("elsewhere@example.com");
    }

    [Theory]
    [InlineData("signed out")]
    [InlineData("recovered")]
    public async Task Connecting_AfterTheSessionThatBeganItEnded_ConnectsNobody(string how)
    {
        var email = $"begun-{how.Length}@example.com";
        var thief = await RegisterAsync(email);
        world.Provider.Is($"thief-{how}", $"thief-{how.Length}@evil.example");
        var callback = await thief.ToProviderAsync("/auth/providers/acme/connect");
        // The cookie of the way back is all that the thief needs; the session's own are not sent with it.
        if (how == "signed out")
            await world.Database.Database.AsWorkerAsync(worker => worker.ExecuteAsync("UPDATE identity.session s SET ended_at = now() FROM identity.account a WHERE a.id = s.account_id AND a.email = @email", new { email }), CancellationToken.None);
        else
            await ComeByMailAsync(email);
        (await thief.ReturnAsync(callback)).ShouldContain("?problem=PROVIDER_SIGN_IN_EXPIRED");
        (await world.Database.Database.AsWorkerAsync(worker => worker.QuerySingleAsync<long>("SELECT count(*) FROM identity.outside_identity WHERE subject = @subject", new { subject = $"thief-{how}" }), CancellationToken.None)).ShouldBe(0);
    }

    /// <summary>Else a stolen password leaves a way in behind, for the day on which the factors are lost.</summary>
    [Fact]
    public async Task Connecting_WhereASecondFactorIsAskedFor_NeedsASessionThatHasShownIt()
    {
        const string email = "asked@example.com";
        var (owner, stale) = (await RegisterAsync(email), world.NewBrowser());
        await MakeAsync(owner, HttpMethod.Post, "/auth/verify-email", new { token = SentMails.TokenOf(world.Mails.Newest(AccountMailKind.VerifyEmail, email)) });
        await MakeAsync(stale, HttpMethod.Post, "/auth/login", new { email, password = IdentityServer.Password });
        var app = new AuthenticatorApp(IdentityServer.Text(await MakeAsync(owner, HttpMethod.Post, "/auth/totp", new { }), "secret"));
        await MakeAsync(owner, HttpMethod.Post, "/auth/totp/confirm", new { code = app.CodeAt(world.Clock.GetUtcNow()) });
        var organization = await MakeAsync(owner, HttpMethod.Post, "/api/organizations", new { name = "Asking" });
        await MakeAsync(owner, HttpMethod.Patch, $"/api/organizations/{IdentityServer.Text(organization, "slug")}", new { require_second_factor = true });

        var (status, body) = await stale.SendAsync(HttpMethod.Post, "/auth/providers/acme/connect", new { });
        (status, body.TryGetProperty("code", out var code) ? code.GetString() : null).ShouldBe((403, "SECOND_FACTOR_REQUIRED"));
        await MakeAsync(owner, HttpMethod.Post, "/auth/providers/acme/connect", new { });
    }

    [Fact]
    public async Task SomebodyOfAnAccount_IsNotConnectedWithASecond()
    {
        world.Provider.Is("taken", "taken@example.com");
        await world.NewBrowser().SignInAsync();
        var other = await RegisterAsync("other@example.com");
        (await other.ReturnAsync(await other.ToProviderAsync("/auth/providers/acme/connect"))).ShouldBe("/account?problem=PROVIDER_TAKEN");
    }

    [Fact]
    public async Task ADisabledAccount_DoesNotGetIn()
    {
        world.Provider.Is("disabled", "disabled@example.com");
        await world.NewBrowser().SignInAsync();
        await world.Database.Database.AsWorkerAsync(worker => worker.ExecuteAsync("UPDATE identity.account SET disabled_at = now() WHERE email = 'disabled@example.com'"), CancellationToken.None);
        var browser = world.NewBrowser();
        (await browser.SignInAsync()).ShouldBe("/sign-in?problem=INVALID_CREDENTIALS");
        browser.Cookies.Keys.ShouldNotContain("tg_access");
    }

    [Fact]
    public async Task AProviderThatIsDown_IsSaidSo()
    {
        var (status, body) = await world.NewBrowser().SendAsync(HttpMethod.Post, "/auth/providers/gone/sign-in", new { });
        status.ShouldBe(503);
        body.GetProperty("code").GetString().ShouldBe("PROVIDER_UNAVAILABLE");
        (await world.NewBrowser().SendAsync(HttpMethod.Post, "/auth/providers/none/sign-in", new { })).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("/\t/evil.example")]
    public async Task GoingOnElsewhere_IsRefused(string next) =>
        (await world.NewBrowser().SendAsync(HttpMethod.Post, "/auth/providers/acme/sign-in", new { next })).Status.ShouldBe(422);

    private async Task ComeByMailAsync(string email)
    {
        var owner = world.NewBrowser();
        var (_, asked) = await owner.SendAsync(HttpMethod.Post, "/auth/mail-sign-in", new { email });
        var code = world.Mails.Newest(AccountMailKind.SignIn, email).Code;
        (await owner.SendAsync(HttpMethod.Post, "/auth/mail-sign-in/code", new { challenge = asked.GetProperty("challenge").GetString(), code })).Status.ShouldBe(200);
    }

    private static async Task<JsonElement> MakeAsync(Browser browser, HttpMethod method, string path, object body)
    {
        var (status, answer) = await browser.SendAsync(method, path, body);
        status.ShouldBeInRange(200, 299, $"{path}: {answer}");
        return answer;
    }

    private async Task<Browser> RegisterAsync(string email)
    {
        var browser = world.NewBrowser();
        (await browser.SendAsync(HttpMethod.Post, "/auth/register", new { email, password = IdentityServer.Password, name = "Ada" })).Status.ShouldBe(201);
        return browser;
    }

    private static async Task<(string Id, string Email, bool Verified)> MeAsync(Browser browser)
    {
        var (status, body) = await browser.SendAsync(HttpMethod.Get, "/me");
        status.ShouldBe(200, body.ToString());
        var account = body.GetProperty("account");
        return (account.GetProperty("id").GetString()!, account.GetProperty("email").GetString()!, account.GetProperty("email_verified").GetBoolean());
    }
}
