using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>What somebody has typed or chosen is not asked for twice, nor lost by what is done beside it.</summary>
public sealed class TypedTests(PortalFixture fixture)
{
    [Fact]
    public async Task Address_TypedAtTheDoor_IsThereOnTheNextPage()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync("/sign-in");
        await visit.Page.GetByLabel("E-mail").FillAsync("typed.once@example.com");
        await visit.ClickAsync("Mail me a code");
        await Expect(visit.Page.GetByLabel("E-mail")).ToHaveValueAsync("typed.once@example.com");
        await Expect(visit.Page.GetByLabel("E-mail")).ToBeFocusedAsync();
        await visit.ClickAsync("Use your password");
        await visit.FollowAsync("Forgot your password?");
        await Expect(visit.Page.GetByLabel("E-mail")).ToHaveValueAsync("typed.once@example.com");
        await visit.FollowAsync("Back to sign in");
        await visit.FollowAsync("Create an account");
        await Expect(visit.Page.GetByLabel("E-mail")).ToHaveValueAsync("typed.once@example.com");

        // The next person at this window sees nothing of it.
        await visit.SignUpAsync("Typed Once", "typed.once@example.com");
        await visit.SignOutAsync();
        await visit.FollowAsync("Sign in");
        await Expect(visit.Page.GetByLabel("E-mail")).ToHaveValueAsync("");
    }

    [Fact]
    public async Task Settings_KeepWhatIsTyped_WhileAHeaderIsSavedBelow()
    {
        var town = await fixture.TownAsync();
        using var provider = await town.SignUpAsync("Half Typed", "half.typed@example.com");
        var api = await town.ImportAsync(provider, Documents.Small("Half", "/look"), "Half", "other", fixture.Upstream.Address.ToString(), "Half of it");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("half.typed@example.com");
        await visit.OpenAsync($"/apis/{api.GetProperty("id").GetString()}?view=settings");
        await visit.Page.GetByLabel("Description").FillAsync("Written for a quarter of an hour.");
        await visit.Page.GetByLabel("Header name").FillAsync("x-upstream-key");
        await visit.Page.GetByLabel("Header value").FillAsync("secret");
        await visit.ClickAsync("Save header");
        await Expect(visit.Page.GetByText("x-upstream-key:")).ToBeVisibleAsync();
        await Expect(visit.Page.GetByLabel("Description")).ToHaveValueAsync("Written for a quarter of an hour.");
        await visit.ClickAsync("Save settings");
        await visit.SaysAsync("The settings are saved.");
        await visit.Page.ReloadAsync();
        await visit.SettledAsync();
        await Expect(visit.Page.GetByLabel("Description")).ToHaveValueAsync("Written for a quarter of an hour.");
        await Expect(visit.Page.GetByText("x-upstream-key:")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Subscriber_WithSeveralOrganizations_ChoosesWhichOnTheListing_AndSeesWhichHasThePlan()
    {
        var town = await fixture.TownAsync();
        using var buyer = await Invitations.OwnAsync(fixture, "second-buyer", "Second Buyer", "First Buyer", "first.buyer@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("first.buyer@example.com");
        await visit.OpenAsync(town.WeatherListing);
        await visit.Page.GetByLabel("For", new() { Exact = true }).SelectOptionAsync("Second Buyer");
        await visit.LookAsync("listing-organization");
        await visit.ClickAsync("Subscribe to Free");
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Your new key" })).ToBeVisibleAsync();
        await visit.FollowAsync("Go to the subscription");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Organization: Second Buyer") })).ToBeVisibleAsync();

        await visit.OpenAsync(town.WeatherListing);
        await Expect(visit.Page.GetByText("Second Buyer is on this plan.")).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Subscribe to Free" })).ToHaveCountAsync(0);
        await visit.LookAsync("listing-subscribed");
        await visit.Page.GetByLabel("For", new() { Exact = true }).SelectOptionAsync("First Buyer");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Subscribe to Free" })).ToBeVisibleAsync();
        await visit.Page.GetByLabel("For", new() { Exact = true }).SelectOptionAsync("Second Buyer");
        await visit.FollowAsync("Go to the subscription");
        await Expect(visit.Page).ToHaveURLAsync(new Regex("/subscriptions/sub_"));
    }

    [Fact]
    public async Task Address_IsChanged_AndThePageAsksForItsCodeNoMore()
    {
        await using var visit = await fixture.VisitAsync();
        var page = visit.Page;
        await visit.RegisterAsync("Ada Address", "old.address@example.com");
        await fixture.Program.VerifyEmailAsync("old.address@example.com", Town.Password);
        await visit.OpenAsync("/account");
        await page.GetByLabel("New address").FillAsync("new.address@example.com");
        await visit.ClickAsync("Change address");
        await Expect(page.GetByText("Until it is confirmed, the old address stays.")).ToBeVisibleAsync();
        await visit.LookAsync("account-address-asked");
        await page.GetByLabel("Code of the mail").FillAsync(Mails.CodeOf(await fixture.Program.MailAsync("new.address@example.com", "/verify-email#")));
        await visit.ClickAsync("Confirm");
        await Expect(page.GetByText("new.address@example.com, confirmed.")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Code of the mail")).ToHaveCountAsync(0);
        await Expect(page.GetByLabel("New address")).ToHaveValueAsync("");
        await visit.LookAsync("account-address-changed");
    }

    [Fact]
    public async Task Copy_WhereTheBrowserHasNoClipboard_WorksInADialogToo_AndKeepsTheFocus()
    {
        await using var visit = await fixture.VisitAsync();
        // As a page of plain http that is not this machine's.
        await visit.Page.AddInitScriptAsync("Object.defineProperty(navigator, 'clipboard', { value: undefined }); document.addEventListener('copy', () => { window.copied = String(document.activeElement.value) })");
        await visit.RegisterAsync("Copy Right", "copy.right@example.com");
        await visit.OpenAsync("/account");
        await AppTests.SetUpAsync(visit);
        await visit.ClickAsync("Replace the authenticator app");
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Replace the authenticator app" });
        var copy = dialog.GetByRole(AriaRole.Button, new() { Name = "Copy the secret" });
        await copy.PressAsync("Enter");
        // In one look: it says so for two seconds.
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Copied", Exact = true })).ToBeFocusedAsync();
        (await visit.Page.EvaluateAsync<string>("window.copied")).ShouldBe(await dialog.Locator("code").InnerTextAsync());
    }
}
