using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>Signing in by an outside provider, in a real browser, which sends no Strict cookie along when another site sends it back.</summary>
[Collection("Who the provider says is there")]
public sealed class ProviderTests(PortalFixture fixture)
{
    [Fact]
    public async Task SomebodyNew_SignsInByTheProvider_AndSeesItOnTheSecurityPage()
    {
        fixture.Provider.Is("browser", "grace.browser@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync("/sign-in");
        await visit.LookAsync("sign-in-provider");
        await visit.ClickAsync("Go on with Acme");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Account of Grace Hopper" })).ToBeVisibleAsync();
        await visit.OpenAsync("/account");
        await Expect(visit.Page.GetByLabel("Connected providers")).ToContainTextAsync("grace.browser@example.com");
        await visit.LookAsync("account-provider");
        await visit.ClickAsync("Disconnect Acme");
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Disconnect", Exact = true }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Connect Acme" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task AnAddressWithAnAccount_IsSentToSignIn()
    {
        await fixture.RegisterAsync("Olga Owner", "olga.owner@example.com");
        fixture.Provider.Is("olga", "olga.owner@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync("/sign-in");
        await visit.ClickAsync("Go on with Acme");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("connect the provider on its security page");
        await visit.LookAsync("sign-in-provider-refused");
    }
}
