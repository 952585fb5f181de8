using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>What is dangerous asks once more who is there, and says for what. Whoever has no password gets through too.</summary>
[Collection("Who the provider says is there")]
public sealed class StepUpTests(PortalFixture fixture)
{
    [Fact]
    public async Task WhoHasAPassword_IsAskedForIt_AndTheActGoesOn()
    {
        var town = await fixture.TownAsync();
        using var owner = await town.SignUpAsync("Step Owner", "step.owner@example.com");
        using var made = await owner.PostAsJsonAsync("/api/organizations", new { name = "Step Works", slug = "step-works" });
        ((int)made.StatusCode).ShouldBe(201);
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("step.owner@example.com");
        await visit.ForOrganizationAsync("Step Works");
        await Expect(visit.Heading).ToHaveTextAsync("Step Works, 1 member");
        await fixture.AgeSessionsAsync("step.owner@example.com");
        await visit.ClickAsync("Remove organization");
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove organization" }).ClickAsync();
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Is it you?" });
        await Expect(dialog).ToContainTextAsync("This ends Step Works for all its members.");
        await Expect(dialog.GetByLabel("Your password")).ToBeFocusedAsync();
        await visit.LookAsync("step-up-password", whole: false);
        await dialog.GetByLabel("Your password").FillAsync("not the password");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("This is not your password.");
        await dialog.GetByLabel("Your password").FillAsync(Town.Password);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(visit.Page).ToHaveURLAsync(new Regex("/subscriptions$"));
    }

    [Fact]
    public async Task WhoCameByAProvider_SignsOutAndInAgain_AndComesBackToThePage()
    {
        const string email = "no.password@example.com";
        fixture.Provider.Is("no-password", email);
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync("/sign-in");
        await visit.ClickAsync("Go on with Acme");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Account of ") })).ToBeVisibleAsync();
        await visit.OpenAsync("/account");
        await Expect(visit.Page.GetByText("None. You sign in without one")).ToBeVisibleAsync();
        await visit.LookAsync("account-no-password");
        await fixture.AgeSessionsAsync(email);
        await visit.ClickAsync("Set up an app");
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Is it you?" });
        await Expect(dialog).ToContainTextAsync("Your account has no password");
        await Expect(dialog.GetByLabel("Your password")).ToHaveCountAsync(0);
        await visit.LookAsync("step-up-no-password", whole: false);
        await visit.ClickAsync("Sign out and in again");
        await Expect(visit.Heading).ToHaveTextAsync("Sign in");
        fixture.Provider.Is("no-password", email);
        await visit.ClickAsync("Go on with Acme");
        await Expect(visit.Page).ToHaveURLAsync(new Regex("/account$"));
        await visit.ClickAsync("Set up an app");
        await Expect(visit.Page.GetByAltText("QR code for an authenticator app")).ToBeVisibleAsync();
        await visit.ClickAsync("Mail me a link to choose one");
        await fixture.Program.MailAsync(email, "/reset-password#");
    }
}
