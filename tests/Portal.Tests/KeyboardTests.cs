using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>Without a mouse.</summary>
public sealed class KeyboardTests(PortalFixture fixture)
{
    [Fact]
    public async Task FirstTab_IsTheSkipLink_AndItLeadsToTheContent()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync("/marketplace");
        await visit.Page.Keyboard.PressAsync("Tab");
        var skip = visit.Page.GetByRole(AriaRole.Link, new() { Name = "Skip to the content" });
        await Expect(skip).ToBeFocusedAsync();
        await Expect(skip).ToBeInViewportAsync();
        await visit.Page.Keyboard.PressAsync("Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
        await visit.Page.Keyboard.PressAsync("Tab");
        await Expect(visit.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search the catalog" })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task SignInAndPalette_LeadToAPage()
    {
        await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        var keyboard = visit.Page.Keyboard;
        await visit.OpenAsync("/sign-in");
        await TabToAsync(visit, visit.Page.GetByLabel("E-mail"));
        await keyboard.TypeAsync(Town.Ada);
        await TabToAsync(visit, visit.Page.GetByLabel("Password"));
        await keyboard.TypeAsync(Town.Password);
        await keyboard.PressAsync("Enter");
        await Expect(visit.Heading).ToHaveTextAsync("1 subscription, active");

        await keyboard.PressAsync("Control+k");
        var palette = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Go to" });
        await Expect(palette.GetByRole(AriaRole.Combobox)).ToBeFocusedAsync();
        await Axe.AssertFineAsync(visit.Page, "palette");
        await visit.ScreenshotAsync("palette", whole: false);
        await keyboard.TypeAsync("tide");
        await Expect(palette.GetByRole(AriaRole.Option, new() { NameRegex = new("^Tide Tables") }).First).ToBeVisibleAsync();
        await keyboard.PressAsync("Enter");
        await Expect(visit.Heading).ToHaveTextAsync("Tide Tables needs a plan");
        await Expect(palette).ToBeHiddenAsync();
        await keyboard.PressAsync("Control+k");
        await keyboard.PressAsync("Escape");
        await Expect(palette).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Palette_LeadsToEveryPage_AndTheContentHasTheFocus()
    {
        await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.OpenAsync("/devices");
        var palette = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Go to" });
        var pages = palette.GetByRole(AriaRole.Group, new() { Name = "Pages" }).GetByRole(AriaRole.Option);
        await visit.Page.Keyboard.PressAsync("Meta+k");
        var names = await pages.AllInnerTextsAsync();
        names.Count.ShouldBeGreaterThan(10);
        var seen = new HashSet<string>();
        foreach (var name in names)
        {
            if (!await palette.IsVisibleAsync())
                await visit.Page.Keyboard.PressAsync("Control+k");
            await visit.Page.Keyboard.TypeAsync(name);
            await Expect(pages.First).ToHaveAttributeAsync("aria-selected", "true");
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(palette).ToBeHiddenAsync();
            await Expect(visit.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
            await visit.SettledAsync();
            seen.Add(visit.Page.Url);
        }
        seen.Count.ShouldBe(names.Count);
    }

    private static async Task TabToAsync(Visit visit, ILocator target)
    {
        for (var presses = 0; presses < 20; presses++)
        {
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
                return;
            await visit.Page.Keyboard.PressAsync("Tab");
        }
        await Expect(target).ToBeFocusedAsync();
    }
}
