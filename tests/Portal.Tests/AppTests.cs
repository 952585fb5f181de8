using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tollgate.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>An authenticator app in place of another: the old one works until the new one has shown a code.</summary>
public sealed class AppTests(PortalFixture fixture)
{
    private const string Person = "rita.replace@example.com";

    [Fact]
    public async Task App_IsReplaced_AndUntilThenTheOldOneWorks()
    {
        await using var visit = await fixture.VisitAsync();
        var page = visit.Page;
        await visit.RegisterAsync("Rita Replace", Person);
        await visit.OpenAsync("/account");
        var old = await SetUpAsync(visit);

        // Canceled, nothing has changed: the old app still shows who is there.
        await fixture.AgeSessionsAsync(Person);
        var replace = page.GetByRole(AriaRole.Button, new() { Name = "Replace the authenticator app" });
        await replace.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var question = page.GetByRole(AriaRole.Dialog, new() { Name = "Is it you?" });
        await question.GetByLabel("Your password").FillAsync(Town.Password);
        await page.Keyboard.PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Replace the authenticator app" });
        await Expect(dialog.GetByAltText("QR code for an authenticator app")).ToBeVisibleAsync();
        await Expect(dialog).ToContainTextAsync("Until then the old app goes on working");
        await Expect(dialog.Locator(":focus")).ToHaveCountAsync(1);
        await visit.LookAsync("account-totp-replace", whole: false);
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(replace).ToBeFocusedAsync();
        await fixture.AgeSessionsAsync(Person);
        await page.Keyboard.PressAsync("Enter");
        await question.GetByRole(AriaRole.Button, new() { Name = "Use your authenticator app" }).ClickAsync();
        await question.GetByLabel("Code of your authenticator app").FillAsync(old.NextCode());
        await page.Keyboard.PressAsync("Enter");

        await Expect(dialog).ToBeVisibleAsync();
        var app = new AuthenticatorApp(await dialog.Locator("code").InnerTextAsync());
        app.Secret.ToArray().ShouldNotBe(old.Secret.ToArray());
        await dialog.GetByLabel("Code", new() { Exact = true }).FillAsync(app.WrongCode());
        await page.Keyboard.PressAsync("Enter");
        await Expect(dialog).ToContainTextAsync("This is not its code of now.");
        await visit.LookAsync("account-totp-replace-wrong", whole: false);
        await dialog.GetByLabel("Code", new() { Exact = true }).FillAsync(app.CodeNow());
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replace", Exact = true }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await visit.SaysAsync("The new app counts now, and the old one works no more. Your recovery codes are as they were.");
        await Expect(replace).ToBeFocusedAsync();
        await Expect(page.GetByText(new Regex("10 of 10 recovery codes are left"))).ToBeVisibleAsync();
        await visit.LookAsync("account-totp-replaced");

        await visit.SignOutAsync();
        await visit.OpenAsync("/sign-in");
        await page.GetByLabel("E-mail").FillAsync(Person);
        await page.GetByLabel("Password").FillAsync(Town.Password);
        await visit.ClickAsync("Sign in");
        var code = page.GetByLabel("Code of your authenticator app");
        await fixture.ForgetCodesAsync(Person);
        await code.FillAsync(old.CodeNow());
        await visit.ClickAsync("Go on");
        await Expect(page.GetByText("This code is wrong or was used before.")).ToBeVisibleAsync();
        await code.FillAsync(app.NextCode());
        await visit.ClickAsync("Go on");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Account of Rita Replace" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task SetUp_ThatTookTooLong_AsksWhoIsThere_AndLeavingItLeadsBackToTheButton()
    {
        await using var visit = await fixture.VisitAsync();
        var page = visit.Page;
        await visit.RegisterAsync("Slow Setup", "slow.setup@example.com");
        await visit.OpenAsync("/account");
        await visit.ClickAsync("Set up an app");
        await Expect(page.GetByAltText("QR code for an authenticator app")).ToBeVisibleAsync();
        await visit.ClickAsync("Not now");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Set up an app" })).ToBeFocusedAsync();
        await visit.ClickAsync("Set up an app");
        var app = new AuthenticatorApp(await page.Locator("form[aria-label='Set up the app'] code").InnerTextAsync());
        await fixture.AgeSessionsAsync("slow.setup@example.com");
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync(app.CodeNow());
        await visit.ClickAsync("Turn on");
        var question = page.GetByRole(AriaRole.Dialog, new() { Name = "Is it you?" });
        await question.GetByLabel("Your password").FillAsync(Town.Password);
        await question.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByLabel("Recovery codes").Locator("li")).ToHaveCountAsync(10);
        await Expect(page.GetByText(new Regex("^On\\. Signing in"))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Replaced_AfterAnotherWindowTurnedItOff_ItIsTheFirstAgain_AndItsRecoveryCodesAreShown()
    {
        const string person = "two.windows@example.com";
        await using var visit = await fixture.VisitAsync();
        var page = visit.Page;
        await visit.RegisterAsync("Two Windows", person);
        await visit.OpenAsync("/account");
        await SetUpAsync(visit);
        // A page that was opened later shows no codes, and that the app is on.
        await visit.OpenAsync("/account");
        var replace = page.GetByRole(AriaRole.Button, new() { Name = "Replace the authenticator app" });
        await Expect(replace).ToBeVisibleAsync();
        await fixture.TurnAppOffAsync(person);

        await replace.ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Replace the authenticator app" });
        var app = new AuthenticatorApp(await dialog.Locator("code").InnerTextAsync());
        await dialog.GetByLabel("Code", new() { Exact = true }).FillAsync(app.CodeNow());
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replace", Exact = true }).ClickAsync();
        await Expect(page.GetByLabel("Recovery codes").Locator("li")).ToHaveCountAsync(10);
    }

    /// <summary>On the page of account security.</summary>
    internal static async Task<AuthenticatorApp> SetUpAsync(Visit visit)
    {
        await visit.ClickAsync("Set up an app");
        var app = new AuthenticatorApp(await visit.Page.Locator("form[aria-label='Set up the app'] code").InnerTextAsync());
        await visit.Page.GetByLabel("Code", new() { Exact = true }).FillAsync(app.CodeNow());
        await visit.ClickAsync("Turn on");
        await Expect(visit.Page.GetByLabel("Recovery codes").Locator("li")).ToHaveCountAsync(10);
        return app;
    }
}
