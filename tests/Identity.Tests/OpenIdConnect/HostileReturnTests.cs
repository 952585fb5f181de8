namespace Tollgate.Identity.Tests.OpenIdConnect;

/// <summary>What must not sign anybody in.</summary>
public sealed class HostileReturnTests(ProviderServer world) : IClassFixture<ProviderServer>
{
    private const string Expired = "/sign-in?problem=PROVIDER_SIGN_IN_EXPIRED";
    private const string Invalid = "/sign-in?problem=PROVIDER_ANSWER_INVALID";

    public static TheoryData<string, string?> Wrong => new()
    {
        { "iss", "https://other.example" },
        { "aud", "another client" },
        { "azp", "another client" },
        { "nonce", "another" },
        { "nonce", null },
        { "exp", "0" },
        { "exp", null },
        { "sub", "" },
        { "sub", null },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task ATokenWithAWrongClaim_ProvesNothing(string claim, string? value)
    {
        world.Provider.Is("claims", "claims@example.com");
        world.Provider.Spoil = claims =>
        {
            if (value is null)
                claims.Remove(claim);
            else
                claims[claim] = claim == "exp" ? 0 : value;
        };
        try
        {
            await RefusedAsync(world.NewBrowser(), Invalid);
        }
        finally
        {
            world.Provider.Spoil = static _ => { };
        }
    }

    [Fact]
    public async Task AKeyThatIsNotPublished_ProvesNothing()
    {
        world.Provider.Is("forged", "forged@example.com");
        world.Provider.Forges = true;
        try
        {
            await RefusedAsync(world.NewBrowser(), Invalid);
        }
        finally
        {
            world.Provider.Forges = false;
        }
    }

    [Fact]
    public async Task AfterTheProvidersKeysChange_TheNewOnesAreLookedFor_OnceAMinute()
    {
        world.Provider.Is("rotated", "rotated@example.com");
        (await world.NewBrowser().SignInAsync()).ShouldBe("/");
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        world.Provider.RotateKeys();
        (await world.NewBrowser().SignInAsync()).ShouldBe("/");
        var reads = world.Provider.KeyReads;
        world.Provider.RotateKeys();
        await RefusedAsync(world.NewBrowser(), Invalid);
        world.Provider.KeyReads.ShouldBe(reads);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        (await world.NewBrowser().SignInAsync()).ShouldBe("/");
    }

    [Fact]
    public async Task AnotherBrowsersReturn_SignsNobodyIn_AndTheOwnStillDoes()
    {
        world.Provider.Is("victim", "victim@example.com");
        var attacker = world.NewBrowser();
        var callback = await attacker.ToProviderAsync();
        var victim = world.NewBrowser();
        (await victim.ReturnAsync(callback)).ShouldBe(Expired);
        await victim.ToProviderAsync();
        (await victim.ReturnAsync(callback)).ShouldBe(Expired);
        victim.Cookies.Keys.ShouldNotContain("tg_access");
        (await attacker.ReturnAsync(callback)).ShouldBe("/");
    }

    [Fact]
    public async Task AReturn_CountsOnceAndForTenMinutes()
    {
        world.Provider.Is("once", "once@example.com");
        var browser = world.NewBrowser();
        var callback = await browser.ToProviderAsync();
        var copy = browser.Cookies["tg_provider"];
        (await browser.ReturnAsync(callback)).ShouldBe("/");
        using var again = new HttpRequestMessage(HttpMethod.Get, callback.PathAndQuery);
        again.Headers.TryAddWithoutValidation("Cookie", $"tg_provider={copy}");
        using var answer = await world.Server.Client.SendAsync(again);
        answer.Headers.Location!.OriginalString.ShouldBe(Expired);

        var late = world.NewBrowser();
        var late_callback = await late.ToProviderAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        (await late.ReturnAsync(late_callback)).ShouldBe(Expired);
    }

    [Theory]
    [InlineData("error=access_denied", "/sign-in?problem=PROVIDER_REFUSED")]
    [InlineData("code=made-up", "/sign-in?problem=PROVIDER_UNAVAILABLE")]
    [InlineData("code=one&code=two", "/sign-in?problem=PROVIDER_REFUSED")]
    [InlineData("code=made-up&iss=https%3A%2F%2Fother.example", "/sign-in?problem=PROVIDER_REFUSED")]
    public async Task WithoutACodeOfThisProvider_NobodyIsSignedIn(string answer, string leadsTo)
    {
        var browser = world.NewBrowser();
        var state = (await browser.ToProviderAsync()).Query.Split('&').Single(part => part.StartsWith("state=", StringComparison.Ordinal));
        (await browser.ReturnAsync(new Uri($"http://localhost/auth/providers/acme/callback?{state}&{answer}"))).ShouldBe(leadsTo);
        browser.Cookies.Keys.ShouldNotContain("tg_access");
    }

    [Fact]
    public async Task AReturnToAnotherProvider_IsNone()
    {
        var browser = world.NewBrowser();
        var callback = await browser.ToProviderAsync();
        (await browser.ReturnAsync(new Uri(callback.AbsoluteUri.Replace("/acme/", "/gone/", StringComparison.Ordinal)))).ShouldBe(Expired);
    }

    private static async Task RefusedAsync(Browser browser, string leadsTo)
    {
        (await browser.SignInAsync()).ShouldBe(leadsTo);
        browser.Cookies.Keys.ShouldNotContain("tg_access");
    }
}
