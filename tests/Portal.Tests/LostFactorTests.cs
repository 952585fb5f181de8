using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>Somebody has lost the telephone with the app and every recovery code: an operator takes the factor away.</summary>
public sealed class LostFactorTests(PortalFixture fixture)
{
    private const string Person = "lena.lost@example.com";

    [Fact]
    public async Task Operator_RemovesTheFactor_AndThePersonSignsInAgain()
    {
        var town = await fixture.TownAsync();
        using var person = await town.SignUpAsync("Lena Lost", Person);
        await Factors.TurnOnAsync(person);
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.OpenAsync("/admin?q=lena.lost");
        await visit.ClickAsync(Person);
        await visit.LookAsync("admin-account-factor");
        await visit.ClickAsync("Remove second factor");
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = $"Remove the second factor of {Person}?" });
        await Expect(dialog).ToContainTextAsync("its sessions end, and the person is told by mail");
        await Expect(dialog.GetByLabel("How you made sure who it is")).ToBeFocusedAsync();
        var remove = dialog.GetByRole(AriaRole.Button, new() { Name = "Remove second factor" });
        await remove.ClickAsync();
        await Expect(dialog.GetByLabel("How you made sure who it is")).ToHaveAttributeAsync("aria-invalid", "true");
        await visit.LookAsync("admin-account-factor-remove", whole: false);
        await dialog.GetByLabel("How you made sure who it is").FillAsync("Called back at the number of the contract.");
        await remove.ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await visit.SaysAsync("Its second factor is removed, and its sessions have ended.");
        await Expect(visit.Page.GetByText("0 live sessions", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Remove second factor" })).ToHaveCountAsync(0);

        using (var me = await person.GetAsync("/me"))
            ((int)me.StatusCode).ShouldBe(401);
        (await fixture.Program.MailAsync(Person, "second factors")).ShouldContain("If you did not ask them to, tell them at once.");
        await using var again = await fixture.VisitAsync();
        await again.SignInAsync(Person);
        await again.OpenAsync("/account");
        await Expect(again.Page.GetByRole(AriaRole.Button, new() { Name = "Set up an app" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task AccountWithoutAFactor_HasNothingToRemove_NorHasAnOperator()
    {
        var town = await fixture.TownAsync();
        using var person = await town.SignUpAsync("Nora None", "nora.none@example.com");
        using var operating = await town.SignUpAsync("Omar Operator", "omar.operator@example.com");
        await Factors.TurnOnAsync(operating);
        var (exitCode, output) = await fixture.Program.CommandAsync("seed", "--email", "omar.operator@example.com");
        exitCode.ShouldBe(0, output);
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        foreach (var email in new[] { "nora.none@example.com", "omar.operator@example.com" })
        {
            await visit.OpenAsync($"/admin?q={email}");
            await visit.ClickAsync(email);
            await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "End sessions" })).ToBeVisibleAsync();
            await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Remove second factor" })).ToHaveCountAsync(0);
        }
    }
}
