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
        await Expect(palette.GetByRole(AriaRole.Combobox)).ToBeFocusedAsync();
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
        var input = palette.GetByRole(AriaRole.Combobox);
        await visit.Page.Keyboard.PressAsync("Meta+k");
        await Expect(input).ToBeFocusedAsync();
        var names = await pages.AllInnerTextsAsync();
        names.Count.ShouldBeGreaterThan(10);
        var seen = new HashSet<string>();
        foreach (var name in names)
        {
            if (!await palette.IsVisibleAsync())
                await visit.Page.Keyboard.PressAsync("Control+k");
            await Expect(input).ToBeFocusedAsync();
            await visit.Page.Keyboard.TypeAsync(name);
            await Expect(palette.GetByRole(AriaRole.Option, new() { Selected = true })).ToHaveTextAsync(name);
            var before = visit.Page.Url;
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(palette).ToBeHiddenAsync();
            // The page that is left had the focus in its content too.
            await Expect(visit.Page).Not.ToHaveURLAsync(before);
            await Expect(visit.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
            await visit.SettledAsync();
            seen.Add(visit.Page.Url);
        }
        seen.Count.ShouldBe(names.Count);
    }

    [Fact]
    public async Task RowThatIsEnded_LeavesTheFocusAtItsTable()
    {
        var town = await fixture.TownAsync();
        using var other = await town.SignUpAsync("Row Ender", "row.ender@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("row.ender@example.com");
        await visit.OpenAsync("/devices");
        await visit.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Sign out (?!all|everywhere)") }).PressAsync("Enter");
        await Expect(visit.Heading).ToHaveTextAsync("1 device signed in");
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Devices as a table" })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task FormThatIsFilledAnew_LeavesTheFocusAtItsButton()
    {
        var town = await fixture.TownAsync();
        using var owner = await town.SignUpAsync("Form Filler", "form.filler@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("form.filler@example.com");
        await visit.OpenAsync("/organization");
        await visit.Page.GetByLabel("Name").FillAsync("Form Fillers");
        var save = visit.Page.GetByRole(AriaRole.Button, new() { Name = "Save settings" });
        await save.PressAsync("Enter");
        await Expect(visit.Heading).ToHaveTextAsync("Form Fillers, yours alone");
        await Expect(save).ToBeFocusedAsync();
    }

    [Fact]
    public async Task ButtonThatIsGoneWithWhatItDid_LeavesTheFocusBesideIt()
    {
        var town = await fixture.TownAsync();
        using var somebody = await town.SignUpAsync("Gone Button", "gone.button@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.OpenAsync("/admin?q=gone.button");
        await visit.ClickAsync("gone.button@example.com");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Disable account" }).PressAsync("Enter");
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Disable account" }).PressAsync("Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Enable account" })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Complementary, new() { Name = "gone.button@example.com" })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task LinkOfAPage_LeadsToTheContentOfTheNext()
    {
        var town = await fixture.TownAsync();
        using var newcomer = await town.SignUpAsync("Link Follower", "link.follower@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("link.follower@example.com");
        await visit.OpenAsync("/apis");
        await visit.Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = "Import an API" }).PressAsync("Enter");
        await Expect(visit.Heading).ToHaveTextAsync("Import an API");
        await Expect(visit.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
        await visit.Page.Keyboard.PressAsync("Tab");
        await Expect(visit.Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = "My APIs" })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task RoleOfAMember_KeepsTheFocusWhileItIsChanged()
    {
        using var owner = await Invitations.OwnAsync(fixture, "role-keys", "Role Keys", "Ruth Keys", "ruth.keys@example.com");
        using var member = await Invitations.JoinAsync(fixture, owner, "role-keys", "Karl Keys", "karl.keys@example.com", "developer");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("ruth.keys@example.com");
        await visit.ForOrganizationAsync("Role Keys");
        var role = visit.Page.GetByLabel("Role of Karl Keys");
        await role.FocusAsync();
        await role.SelectOptionAsync("viewer");
        await visit.SaysAsync("Karl Keys has another role now.");
        await Expect(role).ToHaveValueAsync("viewer");
        await Expect(role).ToBeFocusedAsync();
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
