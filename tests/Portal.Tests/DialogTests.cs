using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>Whatever opens takes the focus, closes with Escape and by its button, and gives the focus back to where it was.</summary>
[Collection("The keys of Ada")]
public sealed class DialogTests(PortalFixture fixture)
{
    /// <summary>Each page with what it asks in dialogs: the button, and the dialog's name.</summary>
    private static IEnumerable<(string Path, string Button, string Dialog)> Dialogs(Town town) =>
    [
        ("/organization", "New organization", "New organization"),
        ("/tokens", "Create a token", "Create a token"),
        ("/devices", "Sign out everywhere", "Sign out everywhere?"),
        ("/account", "Delete my account", "Delete your account?"),
        ("/meters", "Declare a meter", "Declare a meter"),
        ($"/meters?meter={town.MeterId}", "Archive meter", "Archive grid.points?"),
        ($"/apis/{town.Weather}?view=plans", "Add a plan", "Add a plan"),
        ($"/apis/{town.Weather}?view=plans", "Edit plan Free", "Edit Free"),
        ($"/apis/{town.Weather}?view=plans", "Archive plan Free", "Archive Free?"),
        ($"/apis/{town.Weather}?view=settings", "Unpublish API", "Unpublish Weather?"),
        ($"/apis/{town.Weather}?view=settings", "Archive API", "Archive Weather?"),
        ($"/subscriptions/{town.Subscription}", "Create key", "Create a key"),
        ($"/subscriptions/{town.Subscription}", "Cancel subscription", "Cancel Exchange Rates"),
        ($"/admin?open={town.AdaId}", "Disable account", $"Disable {Town.Ada}?"),
        ($"/admin?open={town.AdaId}", "Make user", $"Make a user of {Town.Ada}?"),
        ($"/admin?open={town.AdaId}", "End sessions", $"End all sessions of {Town.Ada}?"),
        ($"/admin?view=organizations&open={town.AdaOrganization}", "Suspend organization", "Suspend Meteo Lab?"),
    ];

    [Fact]
    public async Task EveryDialog_TakesTheFocus_AndGivesItBack()
    {
        var town = await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        foreach (var page in Dialogs(town).GroupBy(each => each.Path))
        {
            await visit.OpenAsync(page.Key);
            foreach (var (_, button, name) in page)
                await ComesAndGoesAsync(visit, visit.Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }), name);
        }
    }

    [Fact]
    public async Task Dialog_OpenedAgainAtOnceAfterEscape_StaysOpen()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.RegisterAsync("Twice Open", "twice.open@example.com");
        await visit.OpenAsync("/devices");
        await visit.ClickAsync("Sign out everywhere");
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Sign out everywhere?" });
        await Expect(dialog).ToBeVisibleAsync();
        await dialog.EvaluateAsync("""
            dialog => {
              const button = [...document.querySelectorAll("main button")].find(each => each.textContent === "Sign out everywhere" && !dialog.contains(each));
              dialog.addEventListener("cancel", () => queueMicrotask(() => button.click()), { once: true });
              dialog.addEventListener("close", () => { window.toldOfTheClosing = true; }, { once: true });
            }
            """);
        await visit.Page.Keyboard.PressAsync("Escape");
        await visit.Page.WaitForFunctionAsync("window.toldOfTheClosing");
        await Expect(dialog).ToBeVisibleAsync();
    }

    [Fact]
    public async Task DialogOfAMenu_GivesTheFocusBackToTheMenu()
    {
        var town = await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.OpenAsync($"/subscriptions/{town.Subscription}");
        var menu = visit.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Change key ") }).First;
        foreach (var act in new[] { "Rotate key", "Edit key", "Revoke key" })
        {
            await menu.FocusAsync();
            await visit.Page.Keyboard.PressAsync("Enter");
            await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = act }).PressAsync("Enter");
            var dialog = visit.Page.GetByRole(AriaRole.Dialog);
            await Expect(dialog).ToBeVisibleAsync();
            await Expect(dialog.Locator(":focus")).ToHaveCountAsync(1);
            await visit.Page.Keyboard.PressAsync("Escape");
            await Expect(dialog).ToHaveCountAsync(0);
            await Expect(menu).ToBeFocusedAsync();
        }
    }

    [Fact]
    public async Task StepUpAboveAQuestion_EscapeLeavesOneAfterTheOther()
    {
        var town = await fixture.TownAsync();
        using var owner = await town.SignUpAsync("Esc Owner", "esc.owner@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("esc.owner@example.com");
        await visit.OpenAsync("/account");
        await fixture.AgeSessionsAsync("esc.owner@example.com");
        var delete = visit.Page.GetByRole(AriaRole.Button, new() { Name = "Delete my account" });
        await delete.FocusAsync();
        await visit.Page.Keyboard.PressAsync("Enter");
        var question = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Delete your account?" });
        await Expect(question.GetByLabel("Type your address")).ToBeFocusedAsync();
        await visit.Page.Keyboard.TypeAsync("esc.owner@example.com");
        await visit.Page.Keyboard.PressAsync("Enter");
        var stepUp = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Is it you?" });
        await Expect(stepUp.GetByLabel("Your password")).ToBeFocusedAsync();
        await visit.Page.Keyboard.PressAsync("Escape");
        await Expect(stepUp).ToBeHiddenAsync();
        await Expect(question).ToContainTextAsync("You did not show who you are.");
        await Expect(question.GetByLabel("Type your address")).ToBeFocusedAsync();
        await visit.Page.Keyboard.PressAsync("Escape");
        await Expect(question).ToBeHiddenAsync();
        await Expect(delete).ToBeFocusedAsync();
    }

    [Fact]
    public async Task DetailsBesideAList_AreReadFromTheirHeading_AndEscapeLeadsBackToTheRow()
    {
        var town = await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        foreach (var path in new[] { "/audit-log", "/admin", "/admin?view=organizations", "/meters", $"/subscriptions/{town.Subscription}" })
        {
            await visit.OpenAsync(path);
            var row = visit.Page.GetByRole(AriaRole.Main).Locator("table button[aria-expanded]:not([aria-haspopup])").First;
            var details = visit.Page.GetByRole(AriaRole.Complementary);
            foreach (var byEscape in new[] { true, false })
            {
                await row.FocusAsync();
                await visit.Page.Keyboard.PressAsync("Enter");
                await Expect(details.GetByRole(AriaRole.Heading).First).ToBeFocusedAsync();
                if (byEscape)
                    await visit.Page.Keyboard.PressAsync("Escape");
                else
                    await details.GetByRole(AriaRole.Button, new() { NameRegex = new("^Close") }).PressAsync("Enter");
                await Expect(details).ToHaveCountAsync(0);
                await Expect(row).ToBeFocusedAsync();
            }
        }
    }

    internal static async Task ComesAndGoesAsync(Visit visit, ILocator button, string name)
    {
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { NameRegex = new("^" + Regex.Escape(name)) });
        foreach (var byEscape in new[] { true, false })
        {
            await button.FocusAsync();
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(dialog).ToBeVisibleAsync();
            await Expect(dialog.Locator(":focus")).ToHaveCountAsync(1);
            if (byEscape)
                await visit.Page.Keyboard.PressAsync("Escape");
            else
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Close", Exact = true }).First.PressAsync("Enter");
            await Expect(dialog).ToHaveCountAsync(0);
            await Expect(button).ToBeFocusedAsync();
        }
    }
}
