using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tollgate.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>All ways into an account, as a person goes them.</summary>
public sealed class AccountTests(PortalFixture fixture)
{
    [Fact]
    public async Task Passkey_IsAdded_SignsInByItself_AndOnceRemovedNoMore()
    {
        await using var visit = await fixture.VisitByNameAsync();
        var page = visit.Page;
        var browser = await page.Context.NewCDPSessionAsync(page);
        await browser.SendAsync("WebAuthn.enable");
        await browser.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new { protocol = "ctap2", transport = "internal", hasResidentKey = true, hasUserVerification = true, isUserVerified = true, automaticPresenceSimulation = true },
        });
        await visit.RegisterAsync("Pat Key", "pat.key@example.com");
        await visit.OpenAsync("/account");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Pat's phone");
        await visit.ClickAsync("Add a passkey");
        await Expect(page.GetByText("Pat's phone")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("This device");
        await visit.LookAsync("account-passkey");

        await visit.SignOutAsync();
        await visit.OpenAsync("/sign-in");
        await visit.ClickAsync("Use a passkey");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Account of Pat Key" })).ToBeVisibleAsync();

        await visit.OpenAsync("/account");
        await Expect(page.GetByText(new Regex("last used"))).ToBeVisibleAsync();
        await visit.ClickAsync("Remove Pat's phone");
        await visit.LookAsync("account-passkey-remove", whole: false);
        await visit.ClickAsync("Remove passkey");
        await Expect(page.GetByText("Pat's phone", new() { Exact = true })).ToBeHiddenAsync();
        await visit.SignOutAsync();
        await visit.OpenAsync("/sign-in");
        await visit.ClickAsync("Use a passkey");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("PASSKEY_INVALID");
    }

    [Fact]
    public async Task Mail_CodeAndLink_EachSignIn()
    {
        await using var visit = await fixture.VisitAsync();
        await fixture.RegisterAsync("Mail Reader", "mail.reader@example.com");
        await AskAsync(visit, "mail.reader@example.com");
        await visit.LookAsync("sign-in-code");
        await visit.Page.GetByLabel("Code").FillAsync("0000 0000");
        await visit.ClickAsync("Sign in");
        await Expect(visit.Page.GetByText("This code is wrong, was used, or is too old.")).ToBeVisibleAsync();
        await visit.LookAsync("sign-in-code-wrong");
        var mail = await fixture.Program.MailAsync("mail.reader@example.com", "/sign-in/link#");
        await visit.Page.GetByLabel("Code").FillAsync(Mails.CodeOf(mail));
        await visit.ClickAsync("Sign in");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Account of Mail Reader" })).ToBeVisibleAsync();

        await using var again = await fixture.VisitAsync();
        await fixture.RegisterAsync("Link Reader", "link.reader@example.com");
        await AskAsync(again, "link.reader@example.com");
        await again.Page.GotoAsync(Mails.LinkOf(await fixture.Program.MailAsync("link.reader@example.com", "/sign-in/link#")));
        await Expect(again.Page.GetByRole(AriaRole.Button, new() { Name = "Account of Link Reader" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task AuthenticatorApp_IsSetUp_AskedForAtTheNextSignIn_AndARecoveryCodeReplacesIt()
    {
        await using var visit = await fixture.VisitAsync();
        var page = visit.Page;
        await visit.RegisterAsync("Otto App", "otto.app@example.com");
        await visit.OpenAsync("/account");
        await visit.ClickAsync("Set up an app");
        await Expect(page.GetByAltText("QR code for an authenticator app")).ToBeVisibleAsync();
        await visit.LookAsync("account-totp-setup");
        var secret = await page.Locator("form[aria-label='Set up the app'] code").InnerTextAsync();
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync(new AuthenticatorApp(secret).CodeNow());
        await visit.ClickAsync("Turn on");
        await Expect(page.GetByLabel("Recovery codes").Locator("li")).ToHaveCountAsync(10);
        var codes = await page.GetByLabel("Recovery codes").Locator("li").AllInnerTextsAsync();
        await visit.LookAsync("account-recovery-codes");

        await visit.SignOutAsync();
        await visit.OpenAsync("/sign-in");
        await page.GetByLabel("E-mail").FillAsync("otto.app@example.com");
        await page.GetByLabel("Password").FillAsync(Town.Password);
        await visit.ClickAsync("Sign in");
        await Expect(page.GetByLabel("Code of your authenticator app")).ToBeVisibleAsync();
        await visit.LookAsync("sign-in-second-factor");
        await visit.ClickAsync("Use a recovery code");
        await visit.LookAsync("sign-in-recovery-code");
        await page.GetByLabel("Recovery code").FillAsync(codes[0]);
        await visit.ClickAsync("Go on");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Account of Otto App" })).ToBeVisibleAsync();
        await visit.OpenAsync("/account");
        await Expect(page.GetByText(new Regex("9 of 10 recovery codes"))).ToBeVisibleAsync();
        await visit.LookAsync("account-totp");
        await visit.ClickAsync("New recovery codes");
        await visit.ClickAsync("Keep the old ones");
        await Expect(page.GetByText(new Regex("9 of 10 recovery codes"))).ToBeVisibleAsync();
        await visit.ClickAsync("New recovery codes");
        await visit.ClickAsync("Make new codes");
        await Expect(page.GetByLabel("Recovery codes").Locator("li")).ToHaveCountAsync(10);
        (await page.GetByLabel("Recovery codes").Locator("li").AllInnerTextsAsync()).ShouldNotContain(codes[1]);
        await fixture.AgeSessionsAsync("otto.app@example.com");
        await visit.ClickAsync("Turn off");
        await visit.LookAsync("account-totp-off", whole: false);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Turn off" }).ClickAsync();
        var stepUp = page.GetByRole(AriaRole.Dialog, new() { Name = "Is it you?" });
        await Expect(stepUp.GetByLabel("Your password")).ToBeFocusedAsync();
        await stepUp.GetByRole(AriaRole.Button, new() { Name = "Use your authenticator app" }).ClickAsync();
        await Expect(stepUp.GetByLabel("Code of your authenticator app")).ToBeFocusedAsync();
        await visit.LookAsync("step-up-totp", whole: false);
        await stepUp.GetByRole(AriaRole.Button, new() { Name = "Use your password" }).ClickAsync();
        await stepUp.GetByLabel("Your password").FillAsync(Town.Password);
        await stepUp.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Set up an app" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Password_Forgotten_IsChosenAnewByTheLinkOfTheMail()
    {
        await using var visit = await fixture.VisitAsync();
        var page = visit.Page;
        await fixture.RegisterAsync("Fay Forgot", "fay.forgot@example.com");
        await visit.OpenAsync("/sign-in");
        await visit.FollowAsync("Forgot your password?");
        await page.GetByLabel("E-mail").FillAsync("fay.forgot@example.com");
        await visit.ClickAsync("Mail me a link");
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("a mail is on its way");
        await visit.LookAsync("forgot-password-sent");
        await page.GotoAsync(Mails.LinkOf(await fixture.Program.MailAsync("fay.forgot@example.com", "/reset-password#")));
        await page.GetByLabel("New password").FillAsync("password1");
        await visit.ClickAsync("Save password");
        await Expect(page.GetByLabel("New password")).ToHaveAttributeAsync("aria-invalid", "true");
        await visit.LookAsync("reset-password-common");
        await page.GetByLabel("New password").FillAsync("a wholly different sentence");
        await visit.ClickAsync("Save password");
        await visit.LookAsync("reset-password-done");
        await visit.FollowAsync("Sign in");
        await page.GetByLabel("E-mail").FillAsync("fay.forgot@example.com");
        await page.GetByLabel("Password").FillAsync("a wholly different sentence");
        await visit.ClickAsync("Sign in");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Account of Fay Forgot" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Address_IsConfirmedByTheLinkOfTheMail()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.RegisterAsync("Vera Fied", "vera.fied@example.com");
        await visit.OpenAsync("/account");
        await Expect(visit.Page.GetByText(new Regex("not confirmed yet"))).ToBeVisibleAsync();
        await visit.LookAsync("account-unverified");
        await visit.Page.GotoAsync(Mails.LinkOf(await fixture.Program.MailAsync("vera.fied@example.com", "/verify-email#")));
        await Expect(visit.Heading).ToHaveTextAsync("Address confirmed");
        visit.Page.Url.ShouldNotContain("#");
        await visit.LookAsync("verify-email-done");
        await visit.FollowAsync("Go to your account");
        await Expect(visit.Page.GetByText("vera.fied@example.com, confirmed.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Address_LinkOpenedInAnotherBrowser_IsConfirmedAfterSigningInThere()
    {
        await fixture.RegisterAsync("Otto Other", "otto.other@example.com");
        await using var other = await fixture.VisitAsync();
        await other.Page.GotoAsync(Mails.LinkOf(await fixture.Program.MailAsync("otto.other@example.com", "/verify-email#")));
        await Expect(other.Heading).ToHaveTextAsync("Confirm your address");
        await other.LookAsync("verify-email-signed-out");
        await other.Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        other.Page.Url.ShouldNotContain("#");
        await other.Page.GetByLabel("E-mail").FillAsync("otto.other@example.com");
        await other.Page.GetByLabel("Password").FillAsync(Town.Password);
        await other.ClickAsync("Sign in");
        await Expect(other.Heading).ToHaveTextAsync("Address confirmed");
    }

    private static async Task AskAsync(Visit visit, string email)
    {
        await visit.OpenAsync("/sign-in");
        await visit.ClickAsync("Mail me a code");
        await visit.Page.GetByLabel("E-mail").FillAsync(email);
        await visit.Page.Locator("form").GetByRole(AriaRole.Button, new() { Name = "Mail me a code" }).ClickAsync();
        await Expect(visit.Page.GetByLabel("Code")).ToBeVisibleAsync();
    }
}
